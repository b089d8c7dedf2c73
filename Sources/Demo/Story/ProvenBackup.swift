import Backup
import CouchDB
import Foundation
import Replication
import Service
import Supervision

/// All pairs are compared and restored for a trial, until each has its three green lights.
struct ProvenBackup: Chapter {
    let title = "The backups are verified, and restored for a trial"

    func play(_ scene: Scene) async throws {
        try await removeStray(scene)
        try await verifyAll(scene)
        try await drillAll(scene)
        let check = try await scene.couchkeep.check()
        try expect(check.verdict == .ok, "a check should find all well, and says \(check.verdict.rawValue)")
    }

    /// Standby still remembers the validation function that was written there and deleted.
    private func removeStray(_ scene: Scene) async throws {
        let name = Scene.invoices.database
        let outcome = try await scene.couchkeep.verify(name)
        let extra = outcome.differences.filter { !$0.onlyInTarget.isEmpty }
        try expect(
            extra.map(\.id.text) == [RefusedDocuments.function] && outcome.record.hasFoundAll,
            "only standby should have \(RefusedDocuments.function), and found was: \(outcome.differences)")
        let removal = try await scene.couchkeep.removeExtra(name)
        try expect(
            removal.purged == 1 && removal.remaining.isEmpty && removal.kept.isEmpty,
            "one revision should be removed from standby: \(removal)")
        scene.narrator.fact(
            "Couchkeep verifies",
            "\(name) is complete; only standby has the tombstone of \(RefusedDocuments.function). A repair with "
                + "--remove-extra shows it, asks, and purges it")
    }

    private func verifyAll(_ scene: Scene) async throws {
        var texts: [String] = []
        for replication in Scene.all {
            let record = try await scene.couchkeep.verify(replication.database).record
            try expect(
                record.verdict == .equal,
                "\(record.pair) should be equal, and is \(record.verdict?.rawValue ?? "without a verdict"): \(record.counts)"
            )
            texts.append("\(record.pair) \(Wording.number(record.counts.equal))")
        }
        scene.narrator.fact(
            "Couchkeep verifies",
            "EQUAL, every leaf revision, tombstones too: \(texts.joined(separator: ", ")) documents",
            mark: scene.narrator.style.mark(.ok))
    }

    private func drillAll(_ scene: Scene) async throws {
        var texts: [String] = []
        for replication in Scene.all {
            let drill = try await scene.couchkeep.drill(replication.database)
            try expect(
                drill.verdict == .equal,
                "\(replication.database) should restore equal: \(drill.reason ?? "\(drill.problems)")")
            texts.append(
                "\(replication.database) restored into memory in \(Int((drill.restoreSeconds * 1000).rounded())) ms: "
                    + "\(Wording.counted(drill.revisions, "leaf revision")), bodies equal")
        }
        scene.narrator.fact("Couchkeep drills", texts, mark: scene.narrator.style.mark(.ok))
    }
}
