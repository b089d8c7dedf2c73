import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Vault

/// A source that answers wrongly makes a backup incomplete or makes it fail; never a wrong one that looks good.
@Suite struct LyingSourceTests {
    private static let lies: [(name: String, fault: Fault)] = [
        ("rows come twice", Fault(.duplicateRows, database: "source")),
        ("the feed rewinds", Fault(.rewind, pathContains: "_changes", database: "source", count: 3)),
        ("pending is not told", Fault(.pendingUnknown, database: "source")),
        ("feeds are cut", Fault(.cut(afterBytes: 200), pathContains: "_changes", database: "source", count: 2)),
        ("documents are cut", Fault(.cut(afterBytes: 300), pathContains: "_bulk_get", database: "source", count: 2)),
        ("connections end", Fault(.hangUp, pathContains: "_bulk_get", database: "source", count: 2)),
        ("requests fail", Fault(Fault.serverError, pathContains: "_bulk_get", database: "source", count: 2)),
        (
            "a proxy answers",
            Fault(.page("<html>", status: 200), pathContains: "_bulk_get", database: "source", count: 1)
        ),
        ("all feeds are cut", Fault(.cut(afterBytes: 200), pathContains: "_changes", database: "source")),
        ("all documents are cut", Fault(.cut(afterBytes: 300), pathContains: "_bulk_get", database: "source")),
        ("a proxy answers all", Fault(.page("<html>", status: 200), pathContains: "_changes", database: "source")),
    ]

    @Test(arguments: lies.indices) func isNeverWrong(lie: Int) async throws {
        let (name, fault) = Self.lies[lie]
        try await withScene { server, scene in
            try await scene.source.fill(70)
            try await scene.backUp()
            try await scene.source.fill(50, prefix: "later-")
            try await scene.source.write(["document-1": ["v": 2], "document-2": ["_deleted": true]])
            let source = try await scene.picture()
            let id = server.faults.add(fault)
            do {
                let report = try await scene.backUp()
                #expect(server.faults.strikes(of: id) > 0, "\(name): nothing was lied about")
                let kept = try await LeafPicture.all(of: scene.moment(report.moment))
                let isHonest = report.isIncomplete || kept == source
                #expect(isHonest, "\(name): \(kept.difference(from: source))")
                let inventsNothing = kept.isSubset(of: source)
                #expect(inventsNothing, "\(name): \(kept.difference(from: source))")
            } catch is ReplicationFailure {}
            server.faults.removeAll()
            let report = try await scene.backUp()
            #expect(!report.isIncomplete)
            let kept = try await LeafPicture.all(of: scene.moment(report.moment))
            #expect(kept == source, "\(name): \(kept.difference(from: source))")
        }
    }

    @Test func namesADocumentThatCannotBeRead() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(30)
            let fault = server.faults.add(Fault(.documentMissing(id: "document-7"), database: "source"))
            let report = try await scene.backUp()
            #expect(report.isIncomplete && !report.moment.isComplete && report.moment.setAside == 1)
            #expect(report.replication.refusals.map(\.id) == ["document-7"])
            let error = await #expect(throws: RestoreError.self) {
                _ = try await scene.restore(report.moment, to: scene.beside("restored"))
            }
            #expect(error?.code == .incompleteMoment)
            // Nothing has changed since, and it is still missing.
            #expect(try await scene.backUp().isIncomplete)
            server.faults.remove(fault)
            let mended = try await scene.backUp()
            #expect(!mended.isIncomplete)
            #expect(try await LeafPicture.all(of: scene.moment(mended.moment)) == scene.picture())
            let restored = try await scene.restore(report.moment, to: scene.beside("restored")) {
                $0.acceptsIncomplete = true
            }
            #expect(restored.isEqual && restored.comparison.equal == 29)
        }
    }

    /// A check a minute does not fill the vault with moments of one document that stays unreadable.
    @Test func makesNoMomentOfTheSameLackAgain() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(30)
            let fault = server.faults.add(Fault(.documentMissing(id: "document-7"), database: "source"))
            let first = try await scene.check()
            #expect(first.isNew && first.moment.setAside == 1)
            let second = try await scene.check()
            #expect(!second.isNew && second.isIncomplete && second.moment == first.moment)
            let other = server.faults.add(Fault(.documentMissing(id: "document-8"), database: "source"))
            try server.put("document-8", ["v": 2], in: "source")
            let more = try await scene.check()
            #expect(more.isNew && more.moment.setAside == 2)
            server.faults.remove(other)
            server.faults.remove(fault)
            let mended = try await scene.check()
            #expect(mended.isNew && !mended.isIncomplete)
            #expect(try await !scene.check().isNew)
        }
    }

    /// It is looked for twice, as one that may have been lost at the source too, and is missing once.
    @Test func countsARevisionThatCannotBeReadOnce() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(30)
            #expect(try await !scene.backUp().isIncomplete)
            server.faults.add(Fault(.documentMissing(id: "document-7"), database: "source"))
            try server.put("document-7", ["v": 2], in: "source")
            let report = try await scene.backUp()
            #expect(report.moment.setAside == 1 && report.replication.refusals.map(\.id) == ["document-7"])
        }
    }

    /// A document that was set aside and is purged then is missing no more.
    @Test func forgetsWhatWasSetAsideAndIsNowPurged() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(30)
            let fault = server.faults.add(Fault(.documentMissing(id: "document-7"), database: "source"))
            #expect(try await scene.backUp().isIncomplete)
            server.faults.remove(fault)
            let revision = try #require(try await scene.source.document("document-7")?["_rev"]?.string)
            _ = try await scene.source.purge(["document-7": [revision]])
            let report = try await scene.backUp()
            #expect(!report.isIncomplete)
            #expect(try await LeafPicture.all(of: scene.moment(report.moment)) == scene.picture())
            #expect(try await !scene.backUp().isIncomplete)
        }
    }

    /// An account that may not write to the source backs up all the same, and says that it left no mark.
    @Test func backsUpWhereNoMarkMayBeLeft() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(10)
            server.faults.add(
                Fault(
                    .failure(status: 403, error: "forbidden", reason: "read only"), method: "PUT",
                    pathContains: "_local", database: "source"))
            let report = try await scene.backUp()
            #expect(!report.isMarked && !report.isIncomplete)
            #expect(try await scene.backUp().source == .same)
            // The source is known by its address and creation instead.
            let error = await #expect(throws: RestoreError.self) {
                _ = try await scene.restore(report.moment, to: scene.source) { $0.intoExisting = true }
            }
            #expect(error?.code == .targetIsSource)
        }
    }
}
