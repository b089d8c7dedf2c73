import Foundation
import Service
import Supervision

/// Couchkeep finds nothing on the target, makes it, and finds all well.
struct FirstChecks: Chapter {
    let title = "The first check"

    func play(_ scene: Scene) async throws {
        let narrator = scene.narrator
        let first = try await scene.couchkeep.check()
        narrator.screen("couchkeep check", ReportText(first, now: Date(), style: narrator.style).render())
        for pair in first.pairs {
            let rules = pair.repairs.filter { $0.result == .done }.map(\.rule)
            try expect(
                rules == [TargetMissing.name, ReplicationMissing.name],
                "\(pair.pair) should have got a target and a replication; repaired was: \(rules)")
        }
        narrator.progress("CouchDB copies")
        for replication in Scene.all { try await scene.stage.settled(replication) }
        let second = try await scene.couchkeep.check()
        try expect(second.verdict == .ok, "the second check should find all well, and says \(second.verdict.rawValue)")
        try expect(second.pairs.allSatisfy(\.repairs.isEmpty), "the second check should have nothing to repair")
        narrator.screen("couchkeep check --quiet", ReportText(second, now: Date()).line())
        try scene.showMails(about: nil)
        try await scene.showRecovery(of: Scene.all)
    }
}
