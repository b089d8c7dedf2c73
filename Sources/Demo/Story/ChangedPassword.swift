import Secrets
import Supervision

/// The source's password is changed: the job crashes, and Couchkeep can't look any more and says so.
struct ChangedPassword: Chapter {
    let title = "The source's password is changed"

    func play(_ scene: Scene) async throws {
        let (stage, replication) = (scene.stage, Scene.customers)
        scene.narrator.paragraph(
            "The password of \(stage.source.user) on production is changed, unknown to Couchkeep. 25 customers are written."
        )
        try await stage.source.changePassword(to: Secret("the new password"))
        try await scene.write(25, "last-customer", to: replication)
        scene.narrator.progress("the job tries to log in")
        try await stage.crashed(replication)
        let (_, comparison) = try await scene.showCouchDB(replication)
        try expect(comparison.missing == 25, "25 customers should be missing: \(comparison.text)")
        let outcome = try await scene.couchkeep.check()
        try scene.showFinding(
            CredentialsRejected.name, about: stage.source.name,
            among: outcome.servers.filter { $0.name == stage.source.name }.flatMap(\.findings))
        try scene.showMails(about: stage.source.name)
        scene.narrator.gap()
        scene.narrator.paragraph("The operator writes the new password into the file that the configuration names.")
        try await scene.folder.writePassword(of: stage.source)
        let next = try await scene.couchkeep.check()
        try scene.showRepairs(next, of: Scene.all)
        try await scene.showRecovery(of: Scene.all)
    }
}
