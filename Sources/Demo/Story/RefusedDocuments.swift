import CouchDB
import Replication
import Service
import Supervision

/// The target refuses documents: CouchDB counts them, goes on, and never tries them again.
struct RefusedDocuments: Chapter {
    let title = "The target refuses documents"

    /// The design document with the validation function.
    static let function = "_design/rules"

    func play(_ scene: Scene) async throws {
        let (stage, replication) = (scene.stage, Scene.invoices)
        scene.narrator.paragraph(
            "Somebody puts a validation function on standby that wants no invoice with a field `paid`. 180 open and 20 "
                + "paid invoices are written.")
        let text = stage.validation(refusing: "paid")
        try await stage.target.visit { connection in
            _ = try await connection.database(replication.database)
                .putDocument(Self.function, members: ["validate_doc_update": .string(text)])
        }
        try await scene.write(180, "open-invoice", to: replication)
        try await scene.write(20, "paid-invoice", to: replication, with: ["paid": true])
        scene.narrator.progress("CouchDB copies")
        try await stage.settled(replication)
        let (report, comparison) = try await scene.showCouchDB(replication)
        try expect(report.seemsWell, "CouchDB should report state running and no errors: \(report.text)")
        try expect(comparison.missing == 20, "20 invoices should be missing: \(comparison.text)")
        let outcome = try await scene.couchkeep.check(looks: Operator.shortLooks)
        try scene.showFinding(
            WritesRefused.name, about: replication.database,
            among: outcome.pairs.filter { $0.pair == replication.database }.flatMap(\.findings))
        try scene.showMails(about: replication.database)
        scene.narrator.gap()
        scene.narrator.paragraph("The function is deleted. Couchkeep sees that on its next check.")
        try await stage.target.delete(Self.function, in: replication.database)
        let next = try await scene.couchkeep.check()
        try scene.showRepairs(next, of: [replication])
        try await stage.settled(replication)
        // A check would compare too, after a pause; only a comparison ends the finding.
        let verified = try await scene.couchkeep.verify(replication.database).record
        try expect(verified.hasFoundAll, "every invoice should be in the backup: \(verified.counts)")
        scene.narrator.fact(
            "Couchkeep verifies",
            "\(Wording.documents(verified.counts.equal)) of \(replication.database) equal, none missing",
            mark: scene.narrator.style.mark(.ok))
        try await scene.showRecovery(of: [replication])
    }
}
