import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Replication

/// What goes wrong on the way from and to a server, simulated.
@Suite(.timeLimit(.minutes(5))) struct CouchReplicaTests {
    @Test(arguments: [0, 1, 40, 200]) func neverTakesACutFeedForComplete(bytes: Int) async throws {
        try await withSimulatedReplica { server, replica in
            try server.fill("db", count: 30)
            server.faults.add(Fault(.cut(afterBytes: bytes), pathContains: "_changes", count: 3))
            server.faults.add(Fault(.cut(afterBytes: bytes), pathContains: "_bulk_get", count: 3))
            let copy = MemoryReplica()
            let report = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(report.counts.failedCalls > 0)
            #expect(!report.isIncomplete && copy.leaves.count == 30)
        }
    }

    /// CouchDB answers 412 where no copy of a shard is there.
    @Test func waitsForANodeThatIsAway() async throws {
        try await withSimulatedReplica { server, replica in
            try server.fill("db", count: 30)
            let away = Fault.Effect.failure(status: 412, error: "nodedown", reason: "progress not possible")
            server.faults.add(Fault(away, pathContains: "_changes", count: 2))
            server.faults.add(Fault(away, pathContains: "_bulk_get", count: 2))
            let copy = MemoryReplica()
            let report = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(report.counts.failedCalls > 0)
            #expect(!report.isIncomplete && copy.leaves.count == 30)
        }
    }

    @Test func endsWhereAFeedIsAlwaysCut() async throws {
        try await withSimulatedReplica { server, replica in
            try server.fill("db", count: 30)
            server.faults.add(Fault(.cut(afterBytes: 300), pathContains: "_changes"))
            let copy = MemoryReplica()
            let failure = await #expect(throws: ReplicationFailure.self) {
                try await Replicator(from: replica, to: copy, options: .test()).run()
            }
            #expect(failure?.side == .source)
            #expect(try await copy.checkpoint("test") == nil)
        }
    }

    /// From 2.0 to 2.2 `_bulk_get` asks as nobody: accounts are not handed out, and replication documents get a conflict
    /// without credentials in the source.
    @Test(arguments: ["_users", "_replicator"], [ServerVersion(2, 0), ServerVersion(2, 2), ServerVersion(2, 3)])
    func readsSystemDatabasesAsItsUser(database: String, version: ServerVersion) async throws {
        try await withSimulatedReplica(version, of: database) { server, replica in
            for number in 0..<5 {
                let id = database == "_users" ? "org.couchdb.user:u\(number)" : "job-\(number)"
                try server.put(
                    id,
                    database == "_users"
                        ? ["name": .string("u\(number)"), "type": "user", "roles": [], "password": "secret"]
                        : ["source": "http://127.0.0.1:1/a", "target": "http://127.0.0.1:1/b"],
                    in: database)
            }
            let copy = MemoryReplica()
            let report = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(!report.isIncomplete && report.counts.failedCalls == 0, "\(report)")
            #expect(copy.leaves.count >= 5)
            var bodies = 0
            try await replica.documents(copy.leaves) {
                if case .given = $0.outcome { bodies += 1 }
            }
            // The server itself goes on writing into its replication documents.
            #expect(bodies == copy.leaves.count || database == "_replicator" && bodies > 0)
        }
    }

    /// A row that names no revision can't be copied, and is not passed over in silence.
    @Test func setsARowWithoutRevisionsAside() async throws {
        try await withSimulatedReplica { server, replica in
            let feed = #"{"results":[{"seq":1,"id":"odd","changes":[]}],"last_seq":1,"pending":0}"#
            server.faults.add(Fault(.page(feed, status: 200), pathContains: "_changes"))
            let batch = try await replica.changes(since: .zero, limit: 10, patience: nil)
            #expect(batch.documents.isEmpty)
            #expect(batch.unusable.map(\.id) == ["odd"] && batch.unusable.allSatisfy { $0.revision == nil })
        }
    }

    /// A proxy ends what is silent for longer than it likes: that is no failure, and what waits next waits less long.
    @Test(arguments: [ServerVersion(3, 5), ServerVersion(1, 6)])
    func takesACutForTheEndOfASilentWait(version: ServerVersion) async throws {
        var limits = CouchReplica.Limits()
        limits.shortestPatience = .microseconds(1)
        try await withSimulatedReplica(version, limits: limits) { server, replica in
            try server.fill("db", count: 1)
            let end = try await replica.changes(since: .zero, limit: 10, patience: nil).lastSequence
            let fault = server.faults.add(Fault(.cut(afterBytes: 12), pathContains: "timeout=50000"))
            for _ in 0..<3 {
                let batch = try await replica.changes(since: end, limit: 10, patience: .seconds(50))
                #expect(batch.documents.isEmpty && batch.isAtEnd && batch.lastSequence == end)
            }
            #expect(server.faults.strikes(of: fault) == 1)
            try server.put("new", in: "db")
            let batch = try await replica.changes(since: end, limit: 10, patience: .seconds(50))
            #expect(batch.documents.map(\.id) == ["new"])
        }
    }

    /// What cut a wait off may have been a server that was started again.
    @Test func waitsLongerAgainAfterACut() async throws {
        var limits = CouchReplica.Limits()
        limits.shortestPatience = .microseconds(1)
        try await withSimulatedReplica(limits: limits) { server, replica in
            try server.fill("db", count: 1)
            let end = try await replica.changes(since: .zero, limit: 10, patience: nil).lastSequence
            let fault = server.faults.add(Fault(.cut(afterBytes: 12), pathContains: "timeout=50000"))
            _ = try await replica.changes(since: end, limit: 10, patience: .seconds(50))
            // Each is answered at once, since there is a change.
            for _ in 0..<400 where server.faults.strikes(of: fault) == 1 {
                _ = try await replica.changes(since: .zero, limit: 10, patience: .seconds(50))
            }
            #expect(server.faults.strikes(of: fault) == 2)
        }
    }

    /// A server that is stopped cuts what waits, too.
    @Test func aCutThatIsNoSilenceIsAFailure() async throws {
        try await withSimulatedReplica { server, replica in
            try server.fill("db", count: 2)
            server.faults.add(Fault(.cut(afterBytes: 12), pathContains: "feed=longpoll"))
            let end = try await replica.changes(since: .zero, limit: 10, patience: nil).lastSequence
            await #expect(throws: CouchError.self) {
                _ = try await replica.changes(since: end, limit: 10, patience: .seconds(50))
            }
        }
    }

    @Test func slowsDownAndGoesOn() async throws {
        try await withSimulatedReplica { server, replica in
            try server.fill("db", count: 40)
            server.faults.add(Fault(.tooManyRequests(retryAfter: 0), pathContains: "_bulk_get", count: 5))
            server.faults.add(Fault(Fault.serverError, pathContains: "_bulk_get", count: 4))
            server.faults.add(Fault(.duplicateRows, pathContains: "_changes"))
            let copy = MemoryReplica()
            let report = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(!report.isIncomplete && copy.leaves.count == 40)
            #expect(report.counts.revisionsStored == 40)
        }
    }

    @Test func setsAsideWhatCannotBeFetchedAndTriesItAgain() async throws {
        try await withSimulatedReplica { server, replica in
            try server.fill("db", count: 25)
            let fault = server.faults.add(Fault(.documentMissing(id: "document-7")))
            let copy = MemoryReplica()
            let first = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(first.isIncomplete && first.refusals.map(\.id) == ["document-7"])
            #expect(first.refusals.allSatisfy { $0.stage == .fetching && !$0.reason.isEmpty })
            #expect(copy.leaves.count == 24)
            let second = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(second.isIncomplete && second.refusals.map(\.id) == ["document-7"])
            server.faults.remove(fault)
            let third = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(!third.isIncomplete && copy.leaves.count == 25)
            #expect(try await copy.checkpoint("test")?.setAside == [])
        }
    }

    /// A firewall blocks the path of one document: the others are copied. CouchDB 1.x is asked for each by a request of its own.
    @Test(arguments: [302, 400, 403, 404, 406])
    func setsAsideADocumentWhosePathIsBlocked(status: Int) async throws {
        try await withSimulatedReplica(ServerVersion(1, 6)) { server, replica in
            try server.fill("db", count: 25)
            let fault = server.faults.add(
                Fault(.page("<html>blocked</html>", status: status), pathContains: "/db/document-7?"))
            let copy = MemoryReplica()
            let first = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(first.refusals.map(\.id) == ["document-7"] && copy.leaves.count == 24)
            #expect(
                first.refusals.allSatisfy { $0.reason.contains("\(status)") && $0.reason.contains("/db/document-7") })
            server.faults.remove(fault)
            let second = try await Replicator(from: replica, to: copy, options: .test()).run()
            #expect(!second.isIncomplete && copy.leaves.count == 25)
        }
    }

    @Test(arguments: [400, 403, 404, 406])
    func setsAsideADocumentThatIsBlockedOnItsWay(status: Int) async throws {
        try await withSimulatedReplica { server, replica in
            server.faults.add(
                Fault(.page("<html>blocked</html>", status: status), method: "PUT", pathContains: "/db/d3?"))
            let source = MemoryReplica()
            for number in 0..<10 {
                try source.edit(DocumentID("d\(number)"), attachments: [("a", "text/plain", Data("x".utf8))])
            }
            let report = try await Replicator(from: source, to: replica, options: .test()).run()
            #expect(report.refusals.map(\.id) == ["d3"] && report.counts.revisionsStored == 9)
            server.faults.removeAll()
            #expect(try await !Replicator(from: source, to: replica, options: .test()).run().isIncomplete)
        }
    }

    /// Where single requests come without their login, as those that a proxy hands to another node, no document is at fault.
    @Test func setsNothingAsideWhereALoginIsAskedFor() async throws {
        let page = Fault.Effect.page("<html>log in</html>", status: 401)
        try await withSimulatedReplica(ServerVersion(1, 6)) { server, replica in
            try server.fill("db", count: 25)
            server.faults.add(Fault(page, pathContains: "/db/document-7?"))
            let failure = await #expect(throws: ReplicationFailure.self) {
                _ = try await Replicator(from: replica, to: MemoryReplica(), options: .test()).run()
            }
            #expect(failure?.side == .source && (failure?.underlying as? CouchError)?.code == .notCouchDB)
            #expect(failure?.counts.failedCalls == 0 && failure?.counts.refused == 0)
        }
        try await withSimulatedReplica { server, replica in
            server.faults.add(Fault(page, method: "PUT", pathContains: "/db/d?"))
            let source = MemoryReplica()
            try source.edit("d", attachments: [("a", "text/plain", Data("x".utf8))])
            let failure = await #expect(throws: ReplicationFailure.self) {
                _ = try await Replicator(from: source, to: replica, options: .test()).run()
            }
            #expect(failure?.side == .target && failure?.counts.failedCalls == 0)
        }
    }

    /// A proxy answers so to everything while the server is away, or to all documents for good: then nothing is set aside.
    @Test(arguments: ["/db", "open_revs"])
    func setsNothingAsideWhereAllIsBlocked(path: String) async throws {
        try await withSimulatedReplica(ServerVersion(1, 6)) { server, replica in
            try server.fill("db", count: 60)
            // The database, its checkpoint, its feed, and some documents.
            server.faults.add(
                Fault(
                    .page("<html>no such host</html>", status: 404), pathContains: path, after: path == "/db" ? 20 : 0))
            var options = ReplicationOptions.test()
            options.pageSize = 1000
            let copy = MemoryReplica()
            let replicator = Replicator(from: replica, to: copy, options: options)
            let failure = await #expect(throws: ReplicationFailure.self) { _ = try await replicator.run() }
            #expect(failure?.side == .source)
            #expect(try await copy.checkpoint("test")?.setAside ?? [] == [])
        }
    }

    /// Behind a proxy that decodes paths, a new document would be written under another name, or as an attachment of one.
    @Test(arguments: ["a+b", "a/b", "_design/a+b"], [false, true])
    func createsNothingUnderAnotherName(id: String, hasAttachment: Bool) async throws {
        try await withSimulatedReplica { server, replica in
            let source = MemoryReplica()
            try source.edit(
                DocumentID(id), attachments: hasAttachment ? [("t", "text/plain", Data("abc".utf8))] : [])
            let revision = try #require(source.leafRevisions.first)
            let members =
                hasAttachment ? #","_attachments":{"t":{"content_type":"text/plain","length":3,"follows":true}}"# : ""
            let document = Data(#"{"_id":"\#(id)"\#(members)}"#.utf8)
            server.faults.add(Fault(.decodedPath))
            let refusal = try await replica.create(document, like: revision)
            #expect(refusal?.error == CouchError.Code.notCouchDB.rawValue, "\(String(describing: refusal))")
            #expect(try server.leaves(of: "db").isEmpty)
            server.faults.removeAll()
            #expect(try await replica.create(document, like: revision) == nil)
            #expect(try Array(server.leaves(of: "db").keys) == [id])
        }
    }

    /// A proxy takes no request as large as that.
    @Test func asksInHalvesWhereTheQuestionIsTooLarge() async throws {
        try await withSimulatedReplica { server, replica in
            try server.fill("db", count: 8)
            let documents = try await replica.changes(since: .zero, limit: 10, patience: nil).documents
            let page = Fault.Effect.page("<html>too large</html>", status: 413)
            server.faults.add(Fault(page, pathContains: "_bulk_get", count: 2))
            var given: [DocumentID] = []
            try await replica.revisions(documents) { answer in
                if answer.exactly != nil { given.append(answer.id) }
            }
            #expect(given == documents.map(\.id))
            server.faults.add(Fault(page, pathContains: "_bulk_get", count: 2))
            var read: [DocumentID] = []
            try await replica.documents(documents) { answer in
                if case .given = answer.outcome { read.append(answer.id) }
            }
            #expect(read == documents.map(\.id))
            server.faults.add(Fault(page, pathContains: "_revs_diff", count: 2))
            let others = documents.map {
                DocumentLeaves(id: $0.id, revisions: [RevisionID(generation: 9, hash: "a")])
            }
            #expect(try await replica.missing(others) == others)
        }
    }

    @Test func asksForAttachmentsInHalvesToo() async throws {
        try await withSimulatedReplica { server, replica in
            let source = MemoryReplica()
            for number in 0..<8 {
                try source.edit(DocumentID("d\(number)"), attachments: [("a", "text/plain", Data("x".utf8))])
            }
            _ = try await replica.store(source.leafRevisions, checkpoint: nil)
            server.faults.add(
                Fault(
                    .page("<html>too large</html>", status: 413), pathContains: "_bulk_get?attachments=true", count: 2))
            var given: [DocumentID] = []
            try await replica.revisions(source.leaves) { answer in
                if answer.exactly != nil { given.append(answer.id) }
            }
            #expect(given.sorted() == source.leaves.map(\.id))
        }
    }

    @Test func setsAsideWhatTheTargetRefuses() async throws {
        try await withSimulatedReplica { server, replica in
            server.validate("db") { (document) throws(CouchSim.Refusal) in
                if document["bad"] == true { throw .forbidden("no bad documents") }
            }
            let source = MemoryReplica()
            for number in 0..<30 {
                try source.edit(
                    DocumentID("d\(number)"), members: number % 10 == 3 ? #""bad":true"# : "",
                    attachments: number % 5 == 3 ? [("a", "text/plain", Data("x".utf8))] : [])
            }
            let first = try await Replicator(from: source, to: replica, options: .test()).run()
            #expect(Set(first.refusals.map(\.id)) == ["d3", "d13", "d23"])
            #expect(first.refusals.allSatisfy { $0.stage == .storing && $0.reason.contains("no bad documents") })
            #expect(first.counts.revisionsStored == 27)
            server.validate("db", with: nil)
            let second = try await Replicator(from: source, to: replica, options: .test()).run()
            #expect(!second.isIncomplete && second.counts.revisionsStored == 3)
        }
    }

    @Test func looksForTheOneDocumentThatIsTurnedDown() async throws {
        try await withSimulatedReplica { _, replica in
            let source = MemoryReplica()
            for number in 0..<20 {
                try source.edit(DocumentID(number == 11 ? "_odd" : "d\(number)"), members: "")
            }
            var options = ReplicationOptions.test()
            options.batchSize = 100
            let report = try await Replicator(from: source, to: replica, options: options).run()
            #expect(report.refusals.map(\.id) == ["_odd"])
            #expect(report.counts.revisionsStored == 19)
        }
    }

    @Test func tellsIdsApartThatSwiftTakesForEqual() {
        let groups = CouchReplica.groupsOfDistinctNames([
            DocumentLeaves(id: "gr\u{fc}n", revisions: [RevisionID(generation: 1, hash: "a")]),
            DocumentLeaves(id: "gr\u{75}\u{308}n", revisions: [RevisionID(generation: 1, hash: "b")]),
            DocumentLeaves(id: "other", revisions: [RevisionID(generation: 1, hash: "c")]),
        ])
        #expect(groups.map(\.count) == [2, 1])
    }
}
