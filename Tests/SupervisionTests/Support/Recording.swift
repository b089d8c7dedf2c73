import CouchDB
import Foundation
import Testing

@testable import Supervision

/// Answers of a real CouchDB 3.5.0 in one situation.
struct Recording: Sendable {
    /// One request and its answer.
    struct Call: Sendable {
        var path: String
        var body: JSONValue
    }

    let name: String
    let calls: [Call]

    init(_ name: String) throws {
        self.name = name
        let url = try #require(Bundle.module.resourceURL).appending(path: "Recordings/\(name).json")
        calls = (try JSONValue(parsing: try Data(contentsOf: url))["calls"]?.array ?? []).map { call in
            Call(path: call["request"]?["path"]?.string ?? "", body: call["response"]?["body"] ?? .null)
        }
        try #require(!calls.isEmpty)
    }

    /// The body of the first answer to a path.
    func body(_ path: String) throws -> JSONValue {
        try #require(calls.first { $0.path == path }, "no answer to \(path) in \(name)").body
    }

    /// What the server said of itself.
    func server() throws -> ServerInfo { try ServerInfo(answer: try body("/")) }

    /// What the server said of its replications.
    func replications() throws -> ReplicationsObservation {
        let jobs = try body("/_scheduler/jobs")["jobs"]?.array ?? []
        let rows = try body("/_scheduler/docs")["docs"]?.array ?? []
        let documents = calls.filter { $0.path.hasPrefix("/_replicator/") }.map(\.body)
        return ReplicationsObservation(
            jobs: .known(try jobs.map(SchedulerJob.init(answer:))),
            schedulerDocuments: .known(try rows.map(SchedulerDocument.init(answer:))),
            documents: .known(try documents.map(ReplicationDocument.init(answer:))),
            activeTasks: .known(ActiveTask.replications(answer: try body("/_active_tasks"))), settings: .known([:]),
            missingNodes: .known([]))
    }

    /// The databases, the source first.
    func databases() throws -> [DatabaseInfo] {
        try calls.filter { $0.body["db_name"] != nil }.map { try DatabaseInfo(answer: $0.body) }
    }

    /// The checkpoints, the source's first.
    func logs() -> [ReplicationLog] {
        calls.filter { $0.path.contains("/_local/") }.compactMap { ReplicationLog(answer: $0.body) }
    }

    /// A moment just after the newest time in the answers.
    func moment() throws -> Date {
        let observation = try replications()
        let times =
            (observation.jobs.value ?? []).flatMap { $0.history.map(\.at) }
            + (observation.schedulerDocuments.value ?? []).compactMap(\.lastUpdated)
        return (times.max() ?? Scene.start).addingTimeInterval(5)
    }
}
