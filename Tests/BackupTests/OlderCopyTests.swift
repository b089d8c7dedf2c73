import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing
import Vault

/// A node that is back and has not caught up: all nodes are there, and its copy answers what one copy alone is asked for.
@Suite(.timeLimit(.minutes(1))) struct OlderCopyTests {
    /// What others acknowledged is not forgotten behind a purge, and what was purged is, once all copies agree.
    @Test(arguments: [true, false]) func isNotBelievedBehindAPurge(hasBulkGet: Bool) async throws {
        try await withScene(copies: 3) { server, scene in
            try await scene.source.fill(20)
            try await scene.backUp()
            let old = try server.snapshot(of: "source")
            try await scene.source.write(["new": [:]])
            try await scene.backUp()
            let revision = try #require(try await scene.source.document("document-1")?["_rev"]?.string)
            _ = try await scene.source.purge(["document-1": [revision]])

            if !hasBulkGet {
                let refusal = Fault.Effect.failure(status: 405, error: "method_not_allowed", reason: "no")
                server.faults.add(Fault(refusal, pathContains: "_bulk_get"))
            }
            let fault = server.faults.add(Fault(.olderCopy(old), database: "source"))
            let report = try await scene.backUp()
            let kept = try await LeafPicture.all(of: scene.moment(report.moment))
            #expect(kept.contains { $0.id == "new" } && report.source == .same)
            server.faults.remove(fault)
            let last = try await scene.backUp()
            #expect(try await LeafPicture.all(of: scene.moment(last.moment)) == scene.picture())
            #expect(last.moment.documents == 20)
        }
    }

    @Test func doesNotEndAConflictThatItLacks() async throws {
        try await withScene(copies: 3) { server, scene in
            try await scene.source.replicate("branch", [revision(3, "c"), revision(2, "c"), revision(1, "1")])
            let old = try server.snapshot(of: "source")
            try await scene.source.replicate("branch", [revision(2, "b"), revision(1, "1")])
            try await scene.backUp()
            server.faults.add(Fault(.rewind, pathContains: "_changes", database: "source"))
            server.faults.add(Fault(.olderCopy(old), database: "source"))
            let report = try await scene.backUp()
            #expect(report.moment.leaves == 2)
        }
    }

    @Test func doesNotMakeTheSourceLookSetBack() async throws {
        try await withScene(copies: 3) { server, scene in
            try await scene.source.fill(20)
            try await scene.backUp()
            let old = try server.snapshot(of: "source")
            try await scene.writeUnmarked("new", on: server)
            server.faults.add(Fault(.olderCopy(old), database: "source"))
            let report = try await scene.backUp()
            #expect(report.source == .same && report.moment.epoch == 1 && report.moment.documents == 21)
        }
    }
}
