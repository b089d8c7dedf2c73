import Foundation
import Service
import Supervision

/// Couchkeep finds nothing on the target, makes it, and finds all well.
struct FirstChecks: Chapter {
    let title = "The first check"

    func play(_ scene: Scene) async throws {
        let narrator = scene.narrator
        let first = try await scene.couchkeep.check()
        for pair in first.pairs {
            let rules = pair.repairs.filter { $0.result == .done }.map(\.rule)
            try expect(
                rules == [TargetMissing.name, ReplicationMissing.name],
                "\(pair.pair) should have got a target and a replication; repaired was: \(rules)")
        }
        // The same two repairs for the other pairs are told once.
        var shown = first
        for index in shown.pairs.indices.dropFirst() { shown.pairs[index].repairs = [] }
        narrator.screen("couchkeep check", ReportText(shown, now: Date(), style: narrator.style).render())
        let others = first.pairs.dropFirst().map(\.pair)
        narrator.paragraph("(and the same repairs for \(others.joined(separator: " and ")))")
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
