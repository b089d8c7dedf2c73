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
    /// A CouchDB server that replicates for a test.
    private struct Puller: Sendable {
        var connection: ServerConnection
        var baseURL: String

        func pull(_ source: JSONValue, options: [String: JSONValue] = [:]) async throws -> JSONValue {
            var members = options
            members["source"] = source
            members["target"] = ["url": .string(baseURL + "/copy"), "auth": ["basic": credentials]]
            return try await connection.replicate(members, timeout: .seconds(120))
        }

        /// Writes a replication document; the scheduler then makes a job of it.
        func schedule(_ id: String, from source: JSONValue) async throws {
            let replicator = connection.database("_replicator")
            _ = try await replicator.putDocument(
                id,
                members: [
                    "source": source, "target": ["url": .string(baseURL + "/copy"), "auth": ["basic": credentials]],
                ])
        }

        var credentials: JSONValue
        var target: CouchDatabase { connection.database("copy") }
    }

    private func withSimulated(
        version: ServerVersion = ServerVersion(3, 5), _ body: @escaping @Sendable (Puller) async throws -> Void
    ) async throws {
        try await withSimulatedServer(CouchSim.ServerOptions(version: version)) { server in
            try await withPuller(server.baseURL, server.administrator, server.password, body)
        }
    }

    private func withReal(_ body: @escaping @Sendable (Puller) async throws -> Void) async throws {
        try await withLocalCouchDB { server in
            try await withPuller(server.baseURL, server.administrator, server.password, body)
        }
    }

    private func withPuller(
        _ baseURL: String, _ user: String, _ password: Secret, _ body: @Sendable (Puller) async throws -> Void
    ) async throws {
        let connection = try ServerConnection(
            url: try ServerURL(baseURL), authentication: .basic(user: user, password: password))
        do {
            try await connection.database("copy").create()
            try await body(
                Puller(
                    connection: connection, baseURL: baseURL,
                    credentials: ["username": .string(user), "password": .string(password.reveal())]))
        } catch {
            try await connection.shutdown()
            throw error
        }
        try await connection.shutdown()
    }

    @Test(arguments: [ServerVersion(3, 5), ServerVersion(2, 3), ServerVersion(1, 7)])
    func simulatedServersPull(version: ServerVersion) async throws {
        // A simulated server takes two spellings of one letter for one id, and stores attachments decompressed.
        let sample = try await Sample(ids: Sample.oddIDs.filter { $0 != "e\u{301}" })
        try await withServer(["db": sample.replica]) { source in
            try await withSimulated(version: version) {
                try await pullTwice(sample.replica, from: source, with: $0, isExact: false)
            }
        }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func couchDBPulls() async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica]) { source in
            try await withReal { try await pullTwice(sample.replica, from: source, with: $0) }
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
            try await withReal { try await pullTwice(replica, from: source, with: $0) }
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

    private func pullTwice(
        _ replica: MemoryReplica, from source: RunningServer, with puller: Puller, isExact: Bool = true
    ) async throws {
        let url: JSONValue = ["url": .string(source.baseURL + "/db")]
        let first = try await puller.pull(url)
        #expect(first["ok"] == true, "\(first)")
        #expect(first["history"]?.array?.first?["doc_write_failures"] == 0, "\(first)")
        try await expectEqual(replica, puller.target, isExact: isExact)
        let second = try await puller.pull(url)
        // CouchDB says so where the checkpoints agree and nothing came behind them.
        let session = second["history"]?.array?.first
        #expect(second["no_changes"] == true || session?["docs_read"] == 0, "\(second)")
        #expect(second["source_last_seq"] == first["source_last_seq"])
    }

    private func waitUntilEqual(_ replica: MemoryReplica, _ database: CouchDatabase) async throws {
        #expect(try await eventually { try await leaves(of: database) == leaves(of: replica) })
    }

    private func leaves(of replica: MemoryReplica) -> [DocumentID: LeafSet] {
        Dictionary(uniqueKeysWithValues: replica.leaves.map { ($0.id, LeafSet($0.revisions)) })
    }

    private func leaves(of database: CouchDatabase) async throws -> [DocumentID: LeafSet] {
        var leaves: [DocumentID: LeafSet] = [:]
        for try await event in database.changes(ChangesOptions()) {
            if case .row(let row) = event { leaves[DocumentID(row.id)] = row.leafSet }
        }
        return leaves
    }

    /// Compares leaves, documents and attachments.
    ///
    /// - Parameter isExact: whether attachments must be stored in the same form; else what is read from them must be equal.
    private func expectEqual(
        _ replica: MemoryReplica, _ database: CouchDatabase, isExact: Bool = true
    ) async throws {
        let (copied, original) = (try await leaves(of: database), leaves(of: replica))
        for id in Set(copied.keys).union(original.keys) { #expect(copied[id] == original[id], "\(id)") }
        let copy = MemoryReplica()
        let report = try await Replicator(from: CouchReplica(database), to: copy).run()
        #expect(report.refusals.isEmpty)
        try await expectEqual(copy, replica, isExact: isExact)
    }

    private func expectEqual(_ left: MemoryReplica, _ right: MemoryReplica, isExact: Bool = true) async throws {
        let copied = try await content(of: left, isExact: isExact)
        let original = try await content(of: right, isExact: isExact)
        for key in Set(copied.keys).union(original.keys) {
            let (copy, origin) = (copied[key]?.map(Self.text), original[key]?.map(Self.text))
            #expect(copy == origin, "\(key)")
        }
    }

    private static func text(_ bytes: Data) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Everything of every leaf, as JSON without what servers may put elsewhere.
    private func content(of replica: MemoryReplica, isExact: Bool) async throws -> [String: [Data]] {
        var content: [String: [Data]] = [:]
        for revision in replica.leafRevisions {
            let document = try JSONValue(parsing: revision.document)
            var bytes = [(isExact ? document : Self.withoutStorage(document)).serialized()]
            for attachment in revision.attachments {
                var pieces = try AttachmentPieces(of: attachment, isDecoded: !isExact)
                var whole = Data()
                while let piece = try await pieces.next() { whole.append(piece) }
                bytes.append(whole)
            }
            content["\(revision.id) \(revision.path.revisions)"] = bytes
        }
        return content
    }

    /// A document without what depends on the form in which attachments are stored.
    private static func withoutStorage(_ value: JSONValue) -> JSONValue {
        guard case .object(let members) = value else { return value }
        return .object(
            members.filter { !["digest", "encoding", "encoded_length"].contains($0.key) }.mapValues(withoutStorage))
    }
}
