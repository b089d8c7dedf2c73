import Supervision

/// The replication document is deleted: CouchDB has nothing to report.
struct DeletedReplication: Chapter {
    let title = "Somebody deletes a replication"

    func play(_ scene: Scene) async throws {
        let replication = Scene.customers
        scene.narrator.paragraph(
            "The replication document of customers is deleted on standby. Then 25 more customers are written.")
        try await scene.stage.target.delete(replication.documentID, in: "_replicator")
        try await scene.write(25, "late-customer", to: replication)
        try await Patience.until("the end of the job") {
            try await CouchDBReport.ask(about: replication, on: scene.stage).job == nil
        }
        let (_, comparison) = try await scene.showCouchDB(replication)
        try expect(comparison.missing == 25, "25 customers should be missing: \(comparison.text)")
        try await scene.showPlan(of: ReplicationMissing.name, for: replication)
        let outcome = try await scene.couchkeep.check()
        try scene.showRepairs(outcome, of: [replication])
        try scene.showMails(about: nil)
        scene.narrator.fact("Mail", "none, since it was mended in the check that found it")
        try await scene.showRecovery(of: [replication])
    }
}
