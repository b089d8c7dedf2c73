import CouchDB
import CouchSim
import Foundation
import NIOHTTP1
import Replication
import Testing
import Vault

@testable import ReplicaServer

/// A vault is served as it is now and as it was at a moment.
@Suite(.timeLimit(.minutes(5)))
struct VaultServingTests {
    /// A source that is backed up twice, and changes between.
    private struct Backup: Sendable {
        static let start = Date(timeIntervalSince1970: 1_790_000_000)

        let source = MemoryReplica(name: "source")
        /// What the source held when the first moment was made.
        let before = MemoryReplica(name: "before")
        let vault: VaultDatabase
        let past: VaultDatabase

        init(in folder: String) async throws {
            vault = try await Vault(at: folder, create: true, now: Self.start)
                .database("orders", isWriting: true, create: true, now: Self.start)
            for number in 0..<1200 { try source.edit(DocumentID("document-\(number)"), members: #""n":\#(number).0"#) }
            _ = try await Replicator(from: try await Sample().replica, to: source).run()
            _ = try await Replicator(from: source, to: before).run()
            past = vault.at(try await Self.backUp(source, into: vault, minute: 1))
            try await change()
            try await Self.backUp(source, into: vault, minute: 2)
        }

        /// Deletes, changes, adds, resurrects and makes conflicts.
        private func change() async throws {
            for number in stride(from: 0, to: 1200, by: 3) {
                let id = DocumentID("document-\(number)")
                guard let leaf = try await source.leaves(of: id).first else { continue }
                switch number % 4 {
                case 0: try source.edit(id, on: leaf.revision, isDeleted: true)
                case 1: try source.edit(id, on: leaf.revision, members: #""n":1e3"#)
                case 2: try source.conflict(id, on: leaf.revision, members: #""other":true"#)
                default: try source.edit(DocumentID("new-\(number)"), attachments: [("a", "image/x", Data([0, 255]))])
                }
            }
            try source.edit("gone", members: #""again":1"#)
        }

        @discardableResult
        static func backUp(_ source: MemoryReplica, into vault: VaultDatabase, minute: Int) async throws -> Moment {
            let report = try await Replicator(from: source, to: vault).run()
            #expect(report.refusals.isEmpty, "\(report)")
            return try await vault.seal(
                at: start.addingTimeInterval(Double(minute) * 60), sequence: nil, isComplete: true)
        }
    }

    private func withBackup(_ body: @Sendable (Backup, RunningServer) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "/vault-\(UUID().uuidString)"
        // A folder that is left over does no harm.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let backup = try await Backup(in: folder)
        try await withServer(["now": backup.vault, "past": backup.past]) { try await body(backup, $0) }
    }

    /// The vault answers what the model in memory answers.
    @Test func answersAsTheSourceDid() async throws {
        try await withBackup { backup, _ in
            let states: [(VaultDatabase, MemoryReplica)] = [
                (backup.vault, backup.source), (backup.past, backup.before),
            ]
            for (vault, model) in states {
                let described = (try await vault.describe(), try await model.describe())
                #expect(described.0.documentCount == described.1.documentCount)
                #expect(described.0.deletedCount == described.1.deletedCount)
                for document in model.leaves {
                    #expect(try await vault.leaves(of: document.id) == model.leaves(of: document.id), "\(document)")
                }
                let ids = model.leaves.map(\.id) + ["none", "c"]
                #expect(try await vault.leaves(ofEach: ids) == model.leaves(ofEach: ids))
                let changes = (try await rows(of: vault), try await rows(of: model))
                #expect(changes.0 == changes.1)
                // A document with several leaves is pending once.
                #expect(try await vault.pendingChanges(since: .zero) == model.leaves.count)
                try await expectRowsOfSome(of: vault)
                for isDescending in [false, true] {
                    for start: DocumentID? in [nil, "document-5", "new", "zz", "a"] {
                        for limit in [1, 7, 5000] {
                            let listed = try await vault.documents(from: start, descending: isDescending, limit: limit)
                            let expected = try await model.documents(
                                from: start, descending: isDescending, limit: limit)
                            #expect(listed == expected, "from \(start?.text ?? "the start")")
                        }
                        var (all, expected): ([DocumentWinner], [DocumentWinner]) = ([], [])
                        try await vault.readDocuments(from: start, descending: isDescending) {
                            all += $0
                            return true
                        }
                        try await model.readDocuments(from: start, descending: isDescending) {
                            expected += $0
                            return true
                        }
                        #expect(all == expected, "all from \(start?.text ?? "the start")")
                    }
                }
            }
            #expect(try await backup.vault.leaves(of: "none").isEmpty)
        }
    }

    /// More documents than a page has, sorted once; one that is deleted while the list is read is not in it.
    @Test func listsManyDocuments() async throws {
        try await withBackup { backup, server in
            let bodies = try (0..<1200).map { number -> Revision in
                let id = "many-\(number)"
                let hash = String(format: "%032x", number + 1)
                return try Revision(
                    document: Data(
                        #"{"_id":"\#(id)","_rev":"1-\#(hash)","_revisions":{"start":1,"ids":["\#(hash)"]}}"#.utf8))
            }
            _ = try await backup.vault.store(bodies, checkpoint: nil)
            let tombstone = try Revision(
                document: Data(
                    """
                    {"_id":"many-999","_rev":"2-\(String(repeating: "f", count: 32))","_deleted":true,"_revisions":\
                    {"start":2,"ids":["\(String(repeating: "f", count: 32))","\(String(format: "%032x", 1000))"]}}
                    """.utf8))
            var (pages, listed): (Int, [String]) = (0, [])
            try await backup.vault.readDocuments(from: "many-", descending: false) { page in
                if pages == 0 { _ = try await backup.vault.store([tombstone], checkpoint: nil) }
                pages += 1
                listed += page.map(\.id.text)
                return true
            }
            let expected = bodies.map(\.id.text).filter { $0 != "many-999" }.sorted()
            #expect(listed.filter { $0.hasPrefix("many-") } == expected)
            #expect(pages > 2)
            // By HTTP, with a place to begin and an end.
            let rows =
                try await server.client.get("/now/_all_docs?startkey=%22many-%22&endkey=%22many-~%22")
                .json["rows"]?.array ?? []
            #expect(rows.compactMap { $0["id"]?.string } == expected)
            let some =
                try await server.client.get("/now/_all_docs?startkey=%22many-%22&skip=700&limit=3")
                .json["rows"]?.array ?? []
            #expect(some.compactMap { $0["id"]?.string } == Array(expected[700..<703]))
        }
    }

    /// Looking up some documents gives what reading all gives of them.
    private func expectRowsOfSome(of vault: VaultDatabase) async throws {
        let all = try await vault.changeRows(since: .zero, limit: 5000, patience: nil)
        let ids = Set((0..<1200).filter { $0 % 7 == 0 }.map { DocumentID("document-\($0)") } + ["c", "gone", "none"])
        let some = all.rows.filter { ids.contains(DocumentID($0.id)) }
        let found = try await vault.changeRows(of: ids, since: .zero, limit: .max)
        #expect(found.rows == some && found.isAtEnd && found.lastSequence == all.lastSequence)
        let first = try await vault.changeRows(of: ids, since: .zero, limit: 10)
        #expect(first.rows == Array(some.prefix(10)) && !first.isAtEnd)
        let rest = try await vault.changeRows(of: ids, since: first.lastSequence, limit: .max)
        #expect(rest.rows == Array(some.dropFirst(10)))
        #expect(try await vault.pendingChanges(since: all.lastSequence) == 0)
    }

    /// All rows of a feed by document, each of them once.
    private func rows(of replica: any ServableReplica) async throws -> [DocumentID: [RevisionID?]] {
        var rows: [DocumentID: [RevisionID?]] = [:]
        var position = UpdateSequence.zero
        while true {
            let page = try await replica.changeRows(since: position, limit: 100, patience: nil)
            for row in page.rows {
                #expect(rows[DocumentID(row.id)] == nil, "the feed repeats \(row.id)")
                // A tombstone is marked by what can be no revision.
                rows[DocumentID(row.id)] = row.revisions + (row.isDeleted ? [nil] : [])
            }
            guard !page.isAtEnd else { return rows }
            position = page.lastSequence
        }
    }

    /// A client that comes with a position of the present may have what the past has not, and lack what it has.
    @Test func rewindsWhereAPositionLiesBehindTheState() async throws {
        try await withBackup { backup, server in
            let last = try await server.client.get("/now").json["update_seq"]?.integer
            let all = try await server.client.get("/past/_changes").json["results"]?.array
            let position = try #require(last)
            #expect(try await server.client.get("/now/_changes?since=\(position)").json["results"] == [])
            #expect(try await server.client.get("/past/_changes?since=\(position)").json["results"]?.array == all)
            #expect(try await server.client.get("/now/_changes?since=\(position + 1)").json["results"] != [])
            let starts = (
                try await backup.vault.instanceStartTime(), try await backup.past.instanceStartTime()
            )
            #expect(starts.0 != starts.1 && starts.1 == "1790000060000")
        }
    }

    /// Of a revision that is not there the vault has its own words, and clients know CouchDB's.
    @Test func tellsAMissingRevisionAsCouchDBDoes() async throws {
        try await withBackup { _, server in
            let items = #"{"id":"c","rev":"9-a"},{"id":"none","rev":"1-a"},{"id":"none"}"#
            let answer = try await server.client.send(.POST, "/now/_bulk_get", #"{"docs":[\#(items)]}"#)
            let errors = (answer.json["results"]?.array ?? []).compactMap { $0["docs"]?.array?.first?["error"] }
            let expected: [JSONValue] = [
                ["id": "c", "rev": "9-a", "error": "not_found", "reason": "missing"],
                ["id": "none", "rev": "1-a", "error": "not_found", "reason": "missing"],
                ["id": "none", "rev": "undefined", "error": "not_found", "reason": "missing"],
            ]
            #expect(errors == expected)
        }
    }

    /// What a run has stored is there with its moment, and not before; who waits is told then.
    @Test func servesTheNewestMoment() async throws {
        try await withBackup { backup, _ in
            let newest = NewestMoment(of: backup.vault, acceptsIncomplete: false)
            try await withServer(
                ["db": newest], instanceStartTime: { try await newest.instanceStartTime() }
            ) { server in
                let before = try await server.client.get("/db").json
                let last = try #require(before["update_seq"]?.integer)
                try backup.source.edit("late", members: #""n":1"#)
                _ = try await Replicator(from: backup.source, to: backup.vault).run()
                #expect(try await server.client.get("/db").json == before)
                #expect(try await server.client.get("/db/late").status == 404)
                async let waiting = server.client.get("/db/_changes?feed=longpoll&since=\(last)&timeout=50000")
                try await backup.vault.seal(
                    at: Backup.start.addingTimeInterval(180), sequence: nil, isComplete: true)
                let rows = try await waiting.json["results"]?.array
                #expect(rows?.compactMap { $0["id"]?.string } == ["late"])
                #expect(try await server.client.get("/db/late").json["n"] == 1)
                #expect(try await newest.leaves(ofEach: ["none", "late"]).map(\.count) == [0, 1])
                #expect(try await server.client.get("/db").json["doc_count"] != before["doc_count"])
            }
        }
    }

    @Test(
        .enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)),
        arguments: ["now", "past"])
    func couchDBPulls(database: String) async throws {
        try await withBackup { backup, server in
            try await withReal { puller in
                try await puller.pullTwice(
                    database == "now" ? backup.source : backup.before, from: server, database: database)
            }
        }
    }

    /// What the next backup brings goes on to whoever follows the vault.
    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func couchDBFollowsTheVault() async throws {
        try await withBackup { backup, server in
            try await withReal { puller in
                let job: [String: JSONValue] = ["continuous": true, "heartbeat": 1000]
                let url: JSONValue = ["url": .string(server.baseURL + "/now")]
                _ = try await puller.pull(url, options: job)
                try await waitUntilEqual(backup.source, puller.target)
                let revision = try backup.source.edit("late", members: #""n":1"#)
                try backup.source.edit("late", on: revision, isDeleted: true)
                try backup.source.edit("later", attachments: [("x", "image/x", Data("x".utf8))])
                try await Backup.backUp(backup.source, into: backup.vault, minute: 3)
                try await waitUntilEqual(backup.source, puller.target)
                try await expectEqual(backup.source, puller.target)
                _ = try await puller.pull(url, options: job.merging(["cancel": true]) { $1 })
            }
        }
    }
}
