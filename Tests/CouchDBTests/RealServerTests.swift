import CouchSim
import Foundation
import NIOCore
import Secrets
import Testing

@testable import CouchDB

/// The client against a real CouchDB, where one is installed.
@Suite(.enabled(if: LocalCouchDB.isInstalled, "no CouchDB is installed"), .timeLimit(.minutes(5)))
struct RealServerTests {
    private func withServer(
        session: Bool = false, _ body: @escaping @Sendable (ServerConnection) async throws -> Void
    ) async throws {
        try await withLocalCouchDB { server in
            let (user, password) = (server.administrator, server.password)
            let connection = try ServerConnection(
                url: try ServerURL(server.baseURL),
                authentication: session
                    ? .session(user: user, password: password) : .basic(user: user, password: password))
            try await shuttingDown(connection) { try await body(connection) }
        }
    }

    @Test func answersAboutItself() async throws {
        try await withServer(session: true) { connection in
            let info = try await connection.info()
            #expect(info.version >= ServerVersion(3, 0))
            #expect(info.hasScheduler)
            #expect(try await connection.isUp())
            #expect(try await connection.session().isServerAdmin)
            #expect(try await connection.membership().missingNodes.isEmpty)
            #expect(try await connection.databaseNames().contains("_replicator"))
            try await connection.setConfiguration(section: "replicator", key: "max_jobs", value: "77")
            #expect(try await connection.configuration(section: "replicator")["max_jobs"] == "77")
            #expect(try await connection.activeReplications().isEmpty)
        }
    }

    @Test(arguments: ["plain", "a/b", "a+b", "a$b(c)-_/d"])
    func handlesDatabases(name: String) async throws {
        try await withServer { connection in
            let database = connection.database(name)
            #expect(try await database.exists() == false)
            #expect(try await couchError { try await database.info() }.isDatabaseMissing)
            #expect(try await couchError { try await database.document("x") }.isDatabaseMissing)
            #expect(try await couchError { try await database.localDocument("x") }.isDatabaseMissing)
            try await database.create(q: 3)
            #expect(try await couchError { try await database.create() }.code == .preconditionFailed)
            let info = try await database.info()
            #expect(info.name == name && info.q == 3)
            #expect(info.identity == info.instanceStartTime && info.identity != nil)
            let infos = try await connection.databaseInfos([name, "missing", "_users"]).infos
            #expect(infos.keys.sorted() == ["_users", name].sorted())
            try await database.setSecurity(["admins": ["names": ["x"]], "members": ["roles": ["y"]]])
            #expect(try await database.security()["members"]?["roles"] == ["y"])
            try await database.setRevisionsLimit(55)
            #expect(try await database.revisionsLimit() == 55)
            #expect(try await database.ensureFullCommit() == info.instanceStartTime)
            try await database.delete()
            #expect(try await database.exists() == false)
        }
    }

    @Test func handlesDocuments() async throws {
        let ids = [
            "plain", "with space", "a/b", "a+b", "100%", "%2F", "a?b#c", "grün", "🛋", ".", "..", "\"q\"",
            "_design/x", "_design/x/y",
        ]
        try await withServer { connection in
            let database = connection.database("a/b")
            try await database.create()
            for id in ids {
                let first = try await database.putDocument(id, members: ["v": 1])
                let second = try await database.putDocument(id, members: ["_rev": .string(first), "v": 2])
                let document = try #require(try await database.document(id), "\(id)")
                #expect(document["_id"]?.string == id && document["v"] == 2)
                #expect(try await database.document(id, revision: first)?["v"] == 1)
                let conflict = try await couchError { try await database.putDocument(id, members: [:]) }
                #expect(conflict.code == .conflict)
                if id.hasPrefix("_design/") { continue }
                _ = try await database.deleteDocument(id, revision: second)
                #expect(try await database.document(id) == nil)
            }
            #expect(try await database.designDocuments().map { $0["_id"] } == ["_design/x", "_design/x/y"])
            let local = try await database.putLocalDocument("c/p", members: ["v": 1])
            #expect(local == "0-1")
            #expect(try await database.localDocument("c/p")?["v"] == 1)
            try await database.deleteLocalDocument("c/p", revision: local)
            #expect(try await database.localDocument("c/p") == nil)
        }
    }

    @Test func copiesRevisions() async throws {
        try await withServer { connection in
            let (source, target) = (connection.database("source"), connection.database("target"))
            try await source.create()
            try await target.create()
            let revision = try await source.putDocument("a", members: ["n": 1.5])
            _ = try await source.putDocument("b", members: [:])
            #expect(try await source.changesPending(since: .zero) == 2)

            let missing = try await target.revisionsDiff(["a": [revision]])
            #expect(missing == ["a": MissingRevisions(missing: [revision])])
            var documents: [Data] = []
            let wanted = [RevisionRequest(id: "a", revision: RevisionID(revision)), RevisionRequest(id: "none")]
            var failures = 0
            for try await event in source.bulkGet(wanted) {
                if case .document(let data, _) = event { documents.append(data) }
                if case .failure = event { failures += 1 }
            }
            #expect(documents.count == 1 && failures == 1)
            #expect(try await target.bulkDocuments(documents) == BulkWriteResult(refused: []))
            #expect(try await target.revisionsDiff(["a": [revision]]).isEmpty)
            let opened = try await target.openRevisions(
                "a", revisions: [try #require(RevisionID("9-x"))], latest: false)
            #expect(opened == [.missing("9-x")])
            #expect(try await target.openRevisions("a") == [.document(try #require(documents.first))])

            let refusing: JSONValue = .string("function(doc) { throw({forbidden: 'no'}); }")
            _ = try await target.putDocument("_design/v", members: ["validate_doc_update": refusing])
            let other = Data(#"{"_id":"z","_rev":"1-abc","_revisions":{"start":1,"ids":["abc"]}}"#.utf8)
            // The document is refused for anybody but an administrator, so this shows only that the call works.
            _ = try await target.bulkDocuments([other])
            #expect(try await target.purge(["a": [revision]]) == ["a": [revision]])
            #expect(try await target.document("a") == nil)
        }
    }

    @Test func handlesAttachments() async throws {
        try await withServer { connection in
            let database = connection.database("db")
            try await database.create()
            let bytes = ByteBuffer(repeating: 7, count: 300_000)
            let stream = AsyncStream<ByteBuffer> { continuation in
                continuation.yield(bytes)
                continuation.finish()
            }
            _ = try await database.putAttachment(
                "a/b c.bin", of: "x/y", revision: nil, contentType: "application/octet-stream", length: 300_000,
                body: stream)
            let attachment = try await database.attachment("a/b c.bin", of: "x/y")
            #expect(attachment.length == 300_000)
            #expect(attachment.contentType == "application/octet-stream")
            var read = ByteBuffer()
            for try await piece in attachment.body { read.writeImmutableBuffer(piece) }
            #expect(read == bytes)
            #expect(try await couchError { try await database.attachment("no", of: "x/y") }.isDocumentMissing)

            var multipart = ByteBuffer()
            var parts: [String] = []
            for try await event in try database.openRevisionsWithAttachments("x/y") {
                switch event {
                case .document(_, let members): parts.append(members.id)
                case .attachment(let attachment): parts.append(attachment.name)
                case .bytes(let data): multipart.writeBytes(data)
                case .revisionEnd: parts.append("end")
                default: break
                }
            }
            #expect(parts == ["x/y", "a/b c.bin", "end"])
            #expect(multipart == bytes)

            let text = try #require(try await database.document("x/y")?["_rev"]?.string)
            let revision = try #require(RevisionID(text))
            parts = []
            let missing = try #require(RevisionID("7-x"))
            let again = try database.openRevisionsWithAttachments(
                "x/y", revisions: [revision, missing], latest: false, attachmentsSince: [revision])
            for try await event in again {
                switch event {
                case .document(_, let members): parts.append(contentsOf: members.attachments.map { "\($0.content)" })
                case .missing(let revision): parts.append("missing \(revision)")
                case .attachment: parts.append("sent again")
                default: break
                }
            }
            #expect(parts.sorted() == ["missing 7-x", "stub"])
        }
    }

    @Test func readsFeeds() async throws {
        try await withServer { connection in
            let database = connection.database("db")
            try await database.create()
            for number in 0..<30 { _ = try await database.putDocument("d\(number)", members: ["v": 1]) }

            var ids: Set<String> = []
            var last: UpdateSequence?
            for try await event in database.changes(ChangesOptions(sequenceInterval: 10, includeDocuments: true)) {
                switch event {
                case .row(let row):
                    ids.insert(row.id)
                    #expect(row.document != nil && row.revisions.count == 1)
                case .heartbeat: break
                case .end(let sequence, let pending):
                    last = sequence
                    #expect(pending == 0)
                }
            }
            #expect(ids.count == 30)
            let since = try #require(last)
            #expect(try await database.changesPending(since: since) == 0)

            var some: [String] = []
            for try await event in database.changes(ChangesOptions(documentIDs: ["d3", "d5", "none"])) {
                if case .row(let row) = event { some.append(row.id) }
            }
            #expect(some.sorted() == ["d3", "d5"])

            // An end without a change, and then with one.
            let patience = ChangesOptions(mode: .longpoll, since: since, patience: .milliseconds(50))
            var events: [ChangesEvent] = []
            for try await event in database.changes(patience) { events.append(event) }
            #expect(events.count == 1)

            var feed = database.changes(ChangesOptions(mode: .continuous, since: since)).makeAsyncIterator()
            _ = try await database.putDocument("new", members: [:])
            var next = try await feed.next()
            while next == .heartbeat { next = try await feed.next() }
            guard case .row(let row)? = next else {
                Issue.record("no row: \(String(describing: next))")
                return
            }
            #expect(row.id == "new")
        }
    }

    @Test func seesReplications() async throws {
        try await withServer { connection in
            let (source, replicator) = (connection.database("source"), connection.database("x/_replicator"))
            try await source.create()
            try await replicator.create()
            _ = try await source.putDocument("a", members: [:])
            #expect(try await connection.schedulerDocument("none") == nil)
            #expect(try await connection.schedulerDocuments(in: "x/_replicator").isEmpty)
            #expect(try await connection.replicationDocuments(in: "x/_replicator").isEmpty)
            #expect(try await connection.replicationDocuments(in: "y/_replicator").isEmpty)
            #expect(try await connection.schedulerJob(ReplicationID("none+continuous")) == nil)

            let document = ReplicationDocument(
                id: "a/b", source: ReplicationEndpoint(url: "http://127.0.0.1:1/source"),
                target: ReplicationEndpoint(url: "http://127.0.0.1:1/target"), withAuthObject: true)
            _ = try await replicator.putDocument(document.id, members: document.members)
            #expect(try await connection.replicationDocuments(in: "x/_replicator").map(\.id) == ["a/b"])

            // The scheduler takes a moment.
            var found: SchedulerDocument?
            while found?.id == nil { found = try await connection.schedulerDocument("a/b", in: "x/_replicator") }
            #expect(found?.database == "x/_replicator")
            let id = try #require(found?.id)
            var job: SchedulerJob?
            while job == nil { job = try await connection.schedulerJob(id) }
            #expect(job?.documentID == "a/b")
            #expect(try await connection.schedulerJobs().map(\.id) == [id])
            #expect(try await connection.schedulerDocuments(in: "x/_replicator").map(\.documentID) == ["a/b"])
            #expect(try await connection.schedulerDocuments().isEmpty)

            let missing = try await couchError {
                try await connection.replicate(["source": .string(source.url), "target": "http://127.0.0.1:1/x"])
            }
            #expect(missing.code == .serverError || missing.code == .unauthorized || missing.code == .notFound)
        }
    }

    @Test func tellsWrongCredentials() async throws {
        try await withLocalCouchDB { server in
            for authentication in [
                Authentication.basic(user: server.administrator, password: Secret("tiger77")),
                .session(user: server.administrator, password: Secret("tiger77")), .none,
            ] {
                let connection = try ServerConnection(
                    url: try ServerURL(server.baseURL), authentication: authentication)
                try await shuttingDown(connection) {
                    let error = try await couchError { try await connection.databaseNames() }
                    #expect(error.code == .unauthorized)
                    #expect(!"\(error)".contains("tiger77"))
                }
            }
        }
    }
}
