import CouchDB
import CouchSim
import Foundation
import Replication
import Secrets
import Testing

@testable import ReplicaServer

/// Others replicate from the server, and have the same afterwards.
@Suite(.timeLimit(.minutes(5)))
struct ReplicationTests {
    @Test(arguments: [ServerVersion(3, 5), ServerVersion(2, 3), ServerVersion(1, 7)])
    func simulatedServersPull(version: ServerVersion) async throws {
        // A simulated server takes two spellings of one letter for one id, and stores attachments decompressed.
        let sample = try await Sample(ids: Sample.oddIDs.filter { $0 != "e\u{301}" })
        try await withServer(["db": sample.replica]) { source in
            try await withSimulated(version: version) {
                try await $0.pullTwice(sample.replica, from: source, isExact: false)
            }
        }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func couchDBPulls() async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica]) { source in
            try await withReal { try await $0.pullTwice(sample.replica, from: source) }
        }
    }

    /// Each run goes on from the checkpoint that the one before has left here.
    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func couchDBPullsAgainAndAgain() async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica]) { source in
            try await withReal { puller in
                for round in 0..<5 {
                    try sample.replica.edit(DocumentID("again-\(round)"), members: "")
                    let answer = try await puller.pull(["url": .string(source.baseURL + "/db")])
                    #expect(answer["ok"] == true, "round \(round): \(answer)")
                }
                try await expectEqual(sample.replica, puller.target)
            }
        }
    }

    /// With name and password, and without `_bulk_get`, so that every document comes by `open_revs`.
    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func couchDBPullsWithAPassword() async throws {
        let sample = try await Sample()
        let access = ServerAccess.basic(user: "backup", password: Secret("s3cret"))
        try await withServer(["db": sample.replica], access: access) { source in
            try await withReal { puller in
                let url = JSONValue.string(source.baseURL + "/db")
                await #expect(throws: CouchError.self) { try await puller.pull(["url": url]) }
                let basic: JSONValue = ["username": "backup", "password": "s3cret"]
                let answer = try await puller.pull(
                    ["url": url, "auth": ["basic": basic]], options: ["use_bulk_get": false])
                #expect(answer["ok"] == true)
                try await expectEqual(sample.replica, puller.target)
            }
        }
    }

    /// With a token, which CouchDB sends as a header, and by a document in `_replicator`, as most replications are made.
    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func couchDBPullsByAReplicationDocument() async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica], access: .token(Secret("tok"))) { source in
            try await withReal { puller in
                let url = JSONValue.string(source.baseURL + "/db")
                await #expect(throws: CouchError.self) { try await puller.pull(["url": url]) }
                try await puller.schedule(
                    "copy", from: ["url": url, "headers": ["Authorization": "Bearer tok"]])
                #expect(
                    try await eventually {
                        try await puller.connection.schedulerDocuments(in: "_replicator").first?.state == .completed
                    })
                try await expectEqual(sample.replica, puller.target)
            }
        }
    }

    /// Random histories: updates, conflicts, deletions, attachments.
    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func couchDBPullsManyDocuments() async throws {
        let replica = MemoryReplica()
        for number in 0..<1500 {
            let id = DocumentID("document-\(number)")
            let first = try replica.edit(id, members: #""n":\#(number).0"#)
            if number % 3 == 0 { try replica.edit(id, on: first, members: #""n":2"#) }
            if number % 7 == 0 { try replica.conflict(id, on: first, members: #""other":\#(number)"#) }
            if number % 11 == 0 {
                let bytes = Data((0..<200).map { UInt8(truncatingIfNeeded: $0 &* number) })
                try replica.edit(DocumentID("with-\(id)"), attachments: [("a b", "application/x-a", bytes)])
            }
            if number % 13 == 0, let leaf = try await replica.leaves(of: id).first {
                try replica.edit(id, on: leaf.revision, isDeleted: true)
            }
        }
        try await withServer(["db": replica]) { source in
            try await withReal { try await $0.pullTwice(replica, from: source) }
        }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func couchDBPullsContinuously() async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica]) { source in
            try await withReal { puller in
                let job: [String: JSONValue] = ["continuous": true, "heartbeat": 1000]
                let url = JSONValue.string(source.baseURL + "/db")
                _ = try await puller.pull(["url": url], options: job)
                try await waitUntilEqual(sample.replica, puller.target)
                let changed = try sample.replica.edit("late", members: #""n":1"#)
                try sample.replica.edit("late", on: changed, isDeleted: true)
                try sample.replica.edit("later", attachments: [("x", "image/x", Data("x".utf8))])
                try await waitUntilEqual(sample.replica, puller.target)
                try await expectEqual(sample.replica, puller.target)
                _ = try await puller.pull(["url": url], options: job.merging(["cancel": true]) { $1 })
            }
        }
    }

    /// The engine's own client reads from the server, too.
    @Test func couchkeepPulls() async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica]) { source in
            let connection = try ServerConnection(url: try ServerURL(source.baseURL))
            do {
                try await expectEqual(sample.replica, connection.database("db"))
                let copy = MemoryReplica()
                let report = try await Replicator(
                    from: CouchReplica(connection.database("db")), to: copy
                ).run()
                #expect(report.refusals.isEmpty, "\(report)")
                #expect(copy.leaves == sample.replica.leaves)
                try await expectEqual(copy, sample.replica)
            } catch {
                try await connection.shutdown()
                throw error
            }
            try await connection.shutdown()
        }
    }
}
