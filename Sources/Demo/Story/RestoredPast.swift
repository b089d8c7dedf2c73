import Backup
import CouchDB
import Foundation
import Replication
import Service
import Supervision
import Vault

/// A replication copies a disaster as well as anything else: only a backup with a past brings back what was.
struct RestoredPast: Chapter {
    let title = "Documents are deleted, and the replication deletes them in the backup too"

    private static let database = Scene.invoices.database
    private static let restored = "invoices_restored"

    func play(_ scene: Scene) async throws {
        let vault = try await Vault(
            at: scene.folder.url.appending(path: "vault").path, create: true, now: Date())
        let before = try await backUp(scene, vault)
        scene.narrator.fact(
            "Couchkeep backs up",
            "invoices into its vault: moment #\(before.moment.number), "
                + "\(Wording.documents(before.moment.documents)), with all revisions")
        try await disaster(scene)
        let after = try await backUp(scene, vault)
        scene.narrator.fact(
            "Couchkeep backs up",
            "again, only what has changed: moment #\(after.moment.number), "
                + "\(Wording.number(after.replication.counts.revisionsStored)) revisions, "
                + "\(Wording.documents(after.moment.documents)) left")
        try expect(after.moment.documents < before.moment.documents, "documents should be gone at the second moment")
        try await restore(before.moment, from: vault, scene)
    }

    private func backUp(_ scene: Scene, _ vault: Vault) async throws -> BackupReport {
        try await scene.stage.source.visit { connection in
            let backup = try await vault.database(Self.database, isWriting: true, create: true, now: Date())
            let report = try await BackupRun(of: connection.database(Self.database), into: backup).run()
            try await backup.close()
            try expect(!report.isIncomplete, "the backup should be complete: \(report.replication.refusals)")
            return report
        }
    }

    /// Deletes a seventh of the documents, too few for a mass deletion, and changes some others.
    private func disaster(_ scene: Scene) async throws {
        let (deleted, changed) = try await scene.stage.source.visit { connection in
            let rows = try await connection.database(Self.database).documents(limit: 10_000)
                .filter { !$0.id.hasPrefix("_design/") }
            var documents: [JSONValue] = []
            for (index, row) in rows.enumerated() where index % 7 == 0 || index % 10 == 1 {
                guard let revision = row.revision else { continue }
                documents.append([
                    "_id": .string(row.id), "_rev": .string(revision.description),
                    index % 7 == 0 ? "_deleted" : "overwritten": true,
                ])
            }
            try await scene.stage.source.write(documents, to: Self.database)
            let deleted = documents.count { $0["_deleted"] != nil }
            return (deleted, documents.count - deleted)
        }
        scene.narrator.paragraph(
            "A script with a slip deletes \(Wording.number(deleted)) invoices and overwrites \(Wording.number(changed)). "
                + "CouchDB replicates that to standby at once, as it should, and they are too few for Couchkeep's finding "
                + "mass-deletion.")
        try await scene.stage.settled(Scene.invoices)
        try await scene.showCouchDB(Scene.invoices)
    }

    private func restore(_ moment: Moment, from vault: Vault, _ scene: Scene) async throws {
        let report = try await scene.stage.source.visit { connection in
            let backup = try await vault.database(Self.database, isWriting: false, now: Date())
            let report = try await RestoreRun(
                of: backup.at(moment), to: connection.database(Self.restored)
            ).run()
            try await backup.close()
            return report
        }
        try expect(report.isEqual, "the restored database should be equal: \(report.comparison)")
        scene.narrator.fact(
            "Couchkeep restores",
            "moment #\(moment.number) into \(Self.restored), and compares every leaf revision: "
                + "\(Wording.documents(report.comparison.equal)) equal, none differ",
            mark: scene.narrator.style.mark(.ok))
        try await scene.stage.source.visit { try await $0.database(Self.restored).delete() }
    }
}
