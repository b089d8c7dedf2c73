import CouchDB
import Foundation

@testable import Supervision

/// What is observed of a scene.
extension Scene {
    static func server(_ version: ServerVersion = ServerVersion(3, 5), uuid: String?) -> ServerInfo {
        ServerInfo(version: version, uuid: uuid, features: version >= ServerVersion(2, 1) ? ["scheduler"] : [])
    }

    static func database(
        _ name: String = "orders", documents: Int = 1000, deleted: Int = 0, sequence: Int? = nil,
        identity: String? = "1795000001", copies: Int = 1, purges: String = "0-g1AAA"
    ) -> DatabaseInfo {
        DatabaseInfo(
            name: name, documentCount: documents, deletedCount: deleted,
            updateSequence: Scene.sequence(sequence ?? documents + deleted), instanceStartTime: identity,
            purgeSequence: UpdateSequence(.string(purges)), q: 2, n: copies)
    }

    /// A cluster of which the last nodes are away, of `couchdb@a1` and so on.
    static func nodes(_ count: Int, away: Int) -> Membership {
        let nodes = (1...count).map { "couchdb@a\($0)" }
        return Membership(allNodes: Array(nodes.dropLast(away)), clusterNodes: nodes)
    }

    /// The finding that nodes of a server's cluster are away.
    static func nodesAway(_ nodes: Membership, at server: String, since moment: Date) -> Finding? {
        var observation = ServerObservation(
            name: server, info: .known(Scene.server(uuid: nil)),
            login: .known(SessionInfo(userName: "backup", roles: [])),
            databaseNames: .known([]), databases: .known([:]))
        observation.note(.known(nodes))
        return ClusterNodesAway.diagnose(
            ServerSituation(
                observation: observation, memory: ServerMemory(), pairs: [], url: "http://couch1.example.org:5984",
                now: moment))
    }

    static func sequence(_ number: Int) -> UpdateSequence { UpdateSequence(.string("\(number)-g1AAA\(number)")) }

    static func url(_ text: String) -> ServerURL {
        guard let url = try? ServerURL(text) else { fatalError("\(text) is no URL") }
        return url
    }

    static func log(
        _ number: Int, revision: Int = 5, session: String = "s1", began: String? = nil, failures: Int = 0
    ) -> ReplicationLog {
        let answer: JSONValue = [
            "_id": .string("_local/\(base)"), "_rev": .string("0-\(revision)"), "session_id": .string(session),
            "source_last_seq": sequence(number).value,
            "history": [
                [
                    "session_id": .string(session), "recorded_seq": sequence(number).value,
                    "start_time": began.map(JSONValue.string) ?? .null,
                    "doc_write_failures": .integer(Int64(failures)),
                ]
            ],
        ]
        guard let log = ReplicationLog(answer: answer) else { fatalError("not a checkpoint") }
        return log
    }

    static let base = "8f5b"

    var desired: DesiredReplication {
        DesiredReplication(
            pair: pair, source: sourceAccess, target: targetAccess,
            coordinator: (pair.runOn == .source ? sourceServer : targetServer).value)
    }

    /// The document that Couchkeep would write.
    var ownDocument: ReplicationDocument {
        desired.document(on: sourceServer.value ?? Scene.server(uuid: nil))
    }

    /// A document that somebody else wrote for the same databases.
    func foreignDocument(_ id: String = "nightly", options: [String: JSONValue] = [:]) -> ReplicationDocument {
        var source = desired.source
        var target = desired.target
        (source.user, target.user) = ("someone", "someone")
        return ReplicationDocument(id: id, source: source, target: target, withAuthObject: true, options: options)
    }

    func job(_ document: String?, state: ReplicationState = .running, base: String = Scene.base) -> SchedulerJob {
        SchedulerJob(
            id: ReplicationID("\(base)+continuous"), database: document.map { _ in "_replicator" },
            documentID: document, source: desired.source.url, target: desired.target.url, isRunning: state == .running,
            statistics: state == .running ? statistics() : nil,
            history: [SchedulerJob.Event(at: Scene.start.addingTimeInterval(-3600), kind: "started")])
    }

    func statistics(written: Int = 1000, failures: Int = 0) -> ReplicationStatistics {
        var statistics = ReplicationStatistics()
        statistics.documentsWritten = written
        statistics.revisionsChecked = written
        statistics.documentWriteFailures = failures
        statistics.checkpointedSourceSequence = progress.value?.checkpoint
        return statistics
    }

    /// A document with a running job and a process.
    func running(_ document: ReplicationDocument) -> ReplicationObservation.Documented {
        let job = job(document.id)
        return ReplicationObservation.Documented(
            document: document,
            scheduled: SchedulerDocument(
                database: "_replicator", documentID: document.id, id: job.id, state: .running,
                lastUpdated: Scene.start.addingTimeInterval(-3600)),
            job: job, task: task(document.id))
    }

    /// A document that the scheduler shows in a state without a job, such as failed or completed.
    func resting(
        _ document: ReplicationDocument, _ state: ReplicationState?, error: String? = nil, errors: Int = 0
    ) -> ReplicationObservation.Documented {
        ReplicationObservation.Documented(
            document: document,
            scheduled: SchedulerDocument(
                database: "_replicator", documentID: document.id, id: nil, state: state, errorCount: errors,
                errorText: error, lastUpdated: now.addingTimeInterval(-10)))
    }

    func task(_ document: String?) -> ActiveTask? {
        ActiveTask.replications(answer: [
            [
                "type": "replication", "replication_id": .string("\(Scene.base)+continuous"),
                "doc_id": document.map { .string($0) } ?? .null, "source": .string(desired.source.url),
                "target": .string(desired.target.url), "docs_written": 1000, "revisions_checked": 1000,
                "checkpointed_source_seq": progress.value?.checkpoint.value ?? 0,
            ]
        ]).first
    }
}
