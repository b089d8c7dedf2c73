import Supervision

/// The target is put back to a snapshot: CouchDB says that all is well, for ever.
struct RolledBackTarget: Chapter {
    let title = "The target is put back to a snapshot"

    func play(_ scene: Scene) async throws {
        let replication = Scene.orders
        scene.narrator.paragraph(
            "A snapshot of standby's disk is taken while the job runs. 1,000 more orders are written and copied, and the "
                + "check that cron runs finds all well. Then the disk fails, the snapshot is put back, the server is "
                + "started, and 100 more orders are written.")
        scene.narrator.progress("CouchDB copies, the server is stopped, its files are put back")
        let snapshot = try await scene.stage.snapshotOfTarget()
        try await scene.write(1000, "second-order", to: replication)
        try await scene.stage.settled(replication)
        let before = try await scene.couchkeep.check()
        try expect(before.verdict == .ok, "the check before the rollback should find all well")
        try await snapshot.putBack()
        try await scene.write(100, "third-order", to: replication)
        try await scene.stage.settled(replication)
        let (report, comparison) = try await scene.showCouchDB(replication)
        try expect(report.seemsWell, "CouchDB should report that all is well: \(report.text)")
        try expect(comparison.missing == 1000, "1,000 orders should be missing: \(comparison.text)")
        let outcome = try await scene.couchkeep.check()
        try scene.showFinding(
            TargetRolledBack.name, about: replication.database,
            among: outcome.pairs.filter { $0.pair == replication.database }.flatMap(\.findings))
        try scene.showRepairs(outcome, of: [replication])
        try scene.showMails(about: "CRITICAL \(replication.database)")
        try await scene.showRecovery(of: [replication])
    }
}
