import Foundation
import Testing

@testable import CouchDB

@Suite(.timeLimit(.minutes(1))) struct SchedulerTests {
    private static func job(_ number: Int) -> JSONValue {
        ["id": .string("job\(number)"), "source": "http://s/", "target": "http://t/", "history": []]
    }

    private func jobs(_ count: Int, claimed: Int? = nil) -> ScriptedServer.Script {
        { request, _ in
            if request.path == "/" { return .greeting("3.5.0") }
            let skip = request.query["skip"].flatMap(Int.init) ?? 0
            let limit = request.query["limit"].flatMap(Int.init) ?? 100
            let page = (0..<count).dropFirst(skip).prefix(limit).map(Self.job)
            return .json(
                JSONValue.object([
                    "total_rows": .integer(Int64(claimed ?? count)), "offset": .integer(Int64(skip)),
                    "jobs": .array(Array(page)),
                ]).text)
        }
    }

    @Test(arguments: [0, 1, 999, 1000, 1001, 2500])
    func readsAllPages(count: Int) async throws {
        try await withConnection(script: jobs(count)) { (connection, _) async throws in
            let jobs = try await connection.schedulerJobs()
            #expect(jobs.map(\.id.text) == (0..<count).map { "job\($0)" })
        }
    }

    /// As where a cluster's balancer has led the second start of a replication to another node.
    @Test func readsAJobThatTwoNodesHave() async throws {
        let rows = ["couchdb@a", "couchdb@b"].map { node -> JSONValue in
            ["id": "job", "node": .string(node), "source": "http://s/", "target": "http://t/", "history": []]
        }
        let answer = JSONValue.object(["total_rows": 2, "offset": 0, "jobs": .array(rows)]).text
        try await withConnection(script: { request, _ in request.path == "/" ? .greeting("3.5.0") : .json(answer) }) {
            (connection, _) async throws in
            #expect(try await connection.schedulerJobs().map(\.node) == ["couchdb@a", "couchdb@b"])
        }
    }

    @Test func doesNotAcceptAListThatDoesNotAddUp() async throws {
        try await withConnection(script: jobs(5, claimed: 7)) { (connection, _) async throws in
            let error = try await couchError { try await connection.schedulerJobs() }
            #expect(error.code == .malformedAnswer)
            #expect(error.message.contains("7") && error.message.contains("5"))
        }
    }

    @Test(arguments: ["1.7.2", "2.0.0"])
    func isNotThereOnOldServers(version: String) async throws {
        try await withConnection(script: { _, _ in .greeting(version) }) { (connection, _) async throws in
            #expect(try await couchError { try await connection.schedulerJobs() }.code == .unsupported)
            #expect(try await couchError { try await connection.schedulerDocuments() }.code == .unsupported)
            #expect(try await couchError { try await connection.schedulerDocument("x") }.code == .unsupported)
        }
    }

    @Test func asksAgainForAllDocuments() async throws {
        let count = 2500
        let script: ScriptedServer.Script = { request, _ in
            if request.path == "/" { return .greeting("3.5.0") }
            let limit = request.query["limit"].flatMap(Int.init) ?? 100
            let page = (0..<count).prefix(limit).map { number -> JSONValue in
                ["database": "_replicator", "doc_id": .string("doc\(number)"), "state": "running"]
            }
            return .json(JSONValue.object(["total_rows": .integer(Int64(count)), "docs": .array(Array(page))]).text)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            #expect(try await connection.schedulerDocuments().count == count)
            #expect(server.requests.count == 3)
            #expect(server.requests.allSatisfy { $0.query["skip"] == nil })
        }
    }

    @Test(arguments: [
        #"{"rows":[]}"#, #"{"total_rows":0,"offset":0,"docs":[]}"#, #"{"total_rows":1,"offset":0,"docs":[]}"#,
        #"{"total_rows":9223372036854775807,"docs":[]}"#, #"{"total_rows":9007199254740992,"docs":[]}"#,
    ])
    func readsAnEmptyList(answer: String) async throws {
        let script: ScriptedServer.Script = { request, _ in
            request.path == "/" ? .greeting("2.3.1") : .json(answer)
        }
        try await withConnection(script: script) { (connection, _) async throws in
            #expect(try await connection.schedulerDocuments(in: "_replicator").isEmpty)
        }
    }

    @Test func readsADocumentThatNobodyPickedUp() async throws {
        let answer = #"""
            {"database":"_replicator","doc_id":"x","id":null,"source":null,"target":null,"state":null,
             "error_count":0,"info":null,"last_updated":null,"start_time":null}
            """#
        let script: ScriptedServer.Script = { request, _ in
            request.path == "/" ? .greeting("3.5.0") : .json(answer)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let document = try #require(try await connection.schedulerDocument("x", in: "_replicator"))
            #expect(document.state == nil)
            #expect(server.requests.last?.target == "/_scheduler/docs/_replicator/x")
        }
    }

    @Test(arguments: [
        ("running-caught-up", ReplicationState.running), ("running-behind", .running),
        ("running-writes-refused", .running), ("crashing-unauthorized", .crashing), ("pending-rotation", .pending),
    ])
    func readsRecordedJobs(name: String, state: ReplicationState) async throws {
        try await withConnection(script: try Recording(name).script) { (connection, _) async throws in
            let jobs = try await connection.schedulerJobs()
            #expect(jobs.contains { $0.state == state }, "\(jobs.map(\.state))")
            let job = try #require(jobs.first)
            #expect(job.id.text.hasSuffix("+continuous"))
            #expect(job.database == "_replicator")
            #expect(job.source.hasSuffix("/") && job.target.hasSuffix("/"))
            #expect(!job.history.isEmpty && job.startTime != nil)
        }
    }

    @Test(arguments: [
        ("failed-duplicate", ReplicationState.failed), ("error-filter-missing", .error),
        ("completed-one-shot", .completed), ("crashing-unauthorized", .crashing),
    ])
    func readsRecordedDocuments(name: String, state: ReplicationState) async throws {
        let recording = try Recording(name)
        let path = try #require(recording.calls.first { $0.path.hasPrefix("/_scheduler/docs") }).path
        let answer = try recording.body(path)
        let rows = answer["docs"]?.array ?? [answer]
        let documents = try rows.map(SchedulerDocument.init(answer:))
        #expect(documents.contains { $0.state == state }, "\(documents.map(\.state))")
    }

    @Test func readsATransientJob() async throws {
        try await withConnection(script: try Recording("transient").script) { (connection, _) async throws in
            let job = try #require(try await connection.schedulerJobs().first)
            #expect(job.isTransient)
            #expect(job.state == .pending)
            // Parked by the scheduler, which is no accident.
            #expect(try await connection.activeReplications().isEmpty)
        }
    }
}
