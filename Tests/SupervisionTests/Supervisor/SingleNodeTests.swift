import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

/// What CouchDB 1.x alone does.
@Suite(.timeLimit(.minutes(5))) struct SingleNodeTests {
    private static let version = ServerVersion(1, 7, 1)

    /// A pair of two 1.x servers, or of a 1.x source and a later target, with everything copied.
    private func withSettledPair(
        isTargetOld: Bool = true, _ body: @escaping @Sendable (Household) async throws -> Void
    ) async throws {
        try await withHousehold(
            sourceVersion: Self.version, targetVersion: isTargetOld ? Self.version : ServerVersion(3, 5)
        ) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 20)
            try await home.settle()
            try await body(home)
        }
    }

    @Test(
        "What raises update_seq without a change leaves nothing to copy, and hides no counts", arguments: [true, false])
    func withoutRow(isTargetOld: Bool) async throws {
        try await withSettledPair(isTargetOld: isTargetOld) { home in
            for server in [home.source, home.target] {
                try server.setSecurity(["members": ["names": ["alice"], "roles": []]], of: "orders")
            }
            var report = try await home.checkLater(after: 24 * 3600)
            #expect(report.problems == [], "\(report.pairs)")
            #expect(report.pairs[0].lag == Lag(changes: 0, seconds: 0))
            try home.target.put("somebody's own", in: "orders")
            report = try await home.checkLater()
            #expect(report.problems == ["orders: counts-differ"])
        }
    }

    @Test("An empty source whose _security was set is read from the beginning to its end")
    func emptySource() {
        var scene = Scene()
        var info = Scene.database(documents: 0, sequence: 1)
        (info.q, info.n) = (nil, nil)
        scene.source = .present(info)
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.memory.finish(.resetCheckpoints(documentID: "x", base: Scene.base), at: scene.now)
        scene.progress = .known(ReplicationProgress(checkpoint: .zero, pending: 0))
        scene.elapse(60)
        _ = scene.pass()
        #expect(!scene.memory.isRescanning)
    }
}
