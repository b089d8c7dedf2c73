import CouchDB
import CouchSim
import Foundation
import Service
import Supervision
import Testing
import Vault

/// A backup in the vault that is gone, or is another one than before, is told; and what was proved of it no longer counts.
@Suite(.timeLimit(.minutes(3)))
struct LostBackupTests {
    private func lights(_ checked: Keeper.Checked) throws -> Lights { try #require(checked.report.pairs.first).lights }

    /// Two moments, of which the second was verified and rehearsed.
    private func prove(_ scene: VaultPairScene) async throws {
        #expect(try await scene.keeper.check().exitCode == 0)
        try scene.production.fill("orders", prefix: "later", count: 2)
        #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
        let good = try await scene.keeper.check()
        #expect(good.exitCode == 0, "\(good.details)")
        let lights = try lights(good)
        #expect(lights.restorable.state == .ok && lights.verified.state == .ok, "\(lights)")
    }

    @Test(arguments: [false, true])
    func aVaultThatIsGoneIsToldUntilThatIsAccepted(hasEmptyFolder: Bool) async throws {
        try await withVaultPairScene { scene in
            try scene.configure(verify: "verify: { revisions: 1d }")
            try await prove(scene)
            try FileManager.default.removeItem(atPath: scene.vault)
            if hasEmptyFolder {
                try FileManager.default.createDirectory(atPath: scene.vault, withIntermediateDirectories: true)
            }
            let lost = try await scene.keeper.check()
            #expect(lost.exitCode == 1, "\(lost.details)")
            let finding = try #require(lost.finding("backup-lost"), "\(lost.details)")
            #expect(finding.severity == .critical && finding.summary.contains("#2"), "\(finding)")
            #expect(finding.next.contains("couchkeep check --adopt"), "\(finding)")
            #expect(finding.evidence["momentBefore"] == 2)
            #expect(lost.alarms == ["backup-lost @ orders"], "\(lost.alarms)")
            // A new backup is better than none, and it is compared at once.
            #expect(try await scene.moments().map(\.documents) == [7])
            #expect(try lights(lost).replicating.state == .problem)
            #expect(try lights(lost).restorable.state == .unknown)
            #expect(try lights(lost).verified.since ?? .distantPast >= finding.since)

            for _ in 0..<2 {
                let still = try await scene.keeper.check()
                #expect(still.exitCode == 1 && still.finding("backup-lost")?.since == finding.since)
            }
            #expect(try await scene.keeper.status().exitCode == 1)
            #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
            let accepted = try await scene.keeper.check("--adopt")
            #expect(accepted.exitCode == 0, "\(accepted.details)")
            #expect(try lights(accepted).restorable.state == .ok)
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await Program.run(["explain", "backup-lost"]).exitCode == 0)
        }
    }

    @Test func aFolderThatIsMountedAgainEndsIt() async throws {
        try await withVaultPairScene { scene in
            try scene.configure(verify: "verify: { revisions: 1d }")
            try await prove(scene)
            try scene.move("vault", to: "unmounted")
            #expect(try await scene.keeper.check().finding("backup-lost") != nil)
            #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
            // The vault that was made meanwhile is hidden by the mount.
            try scene.move("vault", to: "hidden")
            try scene.move("unmounted", to: "vault")
            let back = try await scene.keeper.check()
            #expect(back.exitCode == 0 && back.finding("backup-lost") == nil, "\(back.details)")
            let lights = try lights(back)
            #expect(lights.restorable.state == .ok && lights.restorable.summary.contains("moment #1"), "\(lights)")
        }
    }

    @Test func anOlderCopyOfTheVaultIsTold() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try FileManager.default.copyItem(atPath: scene.vault, toPath: scene.path("copy"))
            for count in 1...2 {
                try scene.production.fill("orders", prefix: "later-\(count)", count: count)
                #expect(try await scene.keeper.check().exitCode == 0)
            }
            #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
            try scene.move("vault", to: "newer")
            try scene.move("copy", to: "vault")
            let lost = try await scene.keeper.check()
            let finding = try #require(lost.finding("backup-lost"), "\(lost.details)")
            #expect(finding.evidence["momentBefore"] == 3 && finding.evidence["momentNow"] == 2, "\(finding)")
            #expect(try lights(lost).restorable.state == .unknown)
        }
    }

    /// The catalogue knows of it, and its files are gone.
    @Test func filesThatAreGoneAreLostToo() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
            try FileManager.default.removeItem(atPath: scene.vault + "/databases")
            let lost = try await scene.keeper.check()
            #expect(lost.alarms == ["backup-lost @ orders"], "\(lost.details)")
            #expect(try lights(lost).restorable.state == .unknown)
            #expect(try await scene.moments().map(\.documents) == [5])
        }
    }

    @Test func aBackupWhoseFolderIsGoneIsToldAndBegunAnew() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try FileManager.default.removeItem(atPath: try await scene.backupFolder())
            // By hand nothing is begun that would hide the loss.
            let refused = try await scene.keeper.run("backup")
            #expect(refused.exitCode == 15 && refused.errors.contains("vault rebuild --forget"), "\(refused)")

            let lost = try await scene.keeper.check()
            #expect(lost.exitCode == 1 && lost.alarms == ["backup-lost @ orders"], "\(lost.details)")
            #expect(try await scene.moments().map(\.documents) == [5])
            let finding = try #require(lost.finding("backup-lost"))
            let still = try await scene.keeper.check()
            #expect(still.exitCode == 1 && still.finding("backup-lost")?.since == finding.since, "\(still.details)")
            let accepted = try await scene.keeper.check("--adopt", "--only", "vault:orders")
            #expect(accepted.exitCode == 0, "\(accepted.details)")
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.keeper.run("backup").exitCode == 0)
        }
    }

    /// Where the loss was accepted before another one could be begun.
    @Test func anAcceptedLossIsBegunAnewToo() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try FileManager.default.removeItem(atPath: try await scene.backupFolder())
            try scene.configure(pair: "databases: [orders], mode: watch")
            #expect(try await scene.keeper.check().finding("backup-lost") != nil)
            try scene.configure()
            let accepted = try await scene.keeper.check("--adopt", "--only", "vault:orders")
            #expect(accepted.exitCode == 0, "\(accepted.details)")
            #expect(try await scene.moments().map(\.documents) == [5])
        }
    }

    /// Nobody has told that it is gone.
    @Test func aLossThatNoCheckHasSeenIsNotHidden() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.run("backup").exitCode == 0)
            try FileManager.default.removeItem(atPath: try await scene.backupFolder())
            let failed = try await scene.keeper.check()
            #expect(failed.exitCode == 15 && failed.alarms == ["backup-failed @ orders"], "\(failed.details)")
            let forgotten = try await scene.keeper.run("vault", "rebuild", "--forget", "orders")
            #expect(forgotten.exitCode == 0 && forgotten.output.contains("orders: given up"), "\(forgotten)")
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.moments().map(\.documents) == [5])
        }
    }

    @Test func aBackupsFolderThatIsPutBackEndsIt() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            let folder = try await scene.backupFolder()
            try FileManager.default.moveItem(atPath: folder, toPath: scene.path("aside"))
            #expect(try await scene.keeper.check().finding("backup-lost") != nil)
            let other = try await scene.backupFolder()
            #expect(other != folder)

            try FileManager.default.moveItem(atPath: scene.path("aside"), toPath: folder)
            let rebuilt = try await scene.keeper.run("vault", "rebuild")
            #expect(rebuilt.exitCode == 16, "\(rebuilt)")
            #expect(rebuilt.errors.contains(folder.suffix(15)) && rebuilt.errors.contains("vault rebuild --forget"))
            #expect(try await scene.keeper.check().finding("backup-lost") != nil)
            try FileManager.default.moveItem(atPath: other, toPath: scene.path("other"))
            let back = try await scene.keeper.check()
            #expect(back.exitCode == 0 && back.finding("backup-lost") == nil, "\(back.details)")
            #expect(try await scene.backupFolder() == folder)
        }
    }

    /// It may be mended, or put back from a copy, and is never replaced.
    @Test func aFileThatIsNoneAnyMoreSaysWhatHelps() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            let folder = try await scene.backupFolder()
            let file = try FileHandle(forWritingTo: URL(filePath: folder + "/database.sqlite"))
            try file.write(contentsOf: Data(repeating: 0xa5, count: 100))
            try file.close()
            let failed = try await scene.keeper.check()
            #expect(failed.exitCode == 15 && failed.alarms == ["backup-failed @ orders"], "\(failed.details)")
            let told = failed.finding("backup-failed")?.summary ?? ""
            #expect(told.contains("move it out of the vault"), "\(told)")
            let check = try await scene.keeper.run("vault", "check", "orders", "--read-data")
            #expect(check.exitCode == 15 && check.output.contains("move it out of the vault"), "\(check)")
            #expect(!check.output.contains("vault check"), "\(check)")

            try FileManager.default.moveItem(atPath: folder, toPath: scene.path("aside"))
            #expect(try await scene.keeper.check().alarms == ["backup-lost @ orders"])
            #expect(try await scene.moments().map(\.documents) == [5])
        }
    }

    /// The backups are there, and the catalogue is made anew from them.
    @Test func aLostCatalogueIsNoLostBackup() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
            try FileManager.default.removeItem(atPath: scene.vault + "/catalogue.sqlite")
            let damaged = try await scene.keeper.check()
            #expect(damaged.alarms == ["backup-failed @ orders"], "\(damaged.details)")
            #expect(damaged.finding("backup-failed")?.summary.contains("vault rebuild") == true, "\(damaged.details)")
            #expect(try await scene.keeper.run("vault", "rebuild").exitCode == 0)
            let good = try await scene.keeper.check()
            #expect(good.exitCode == 0 && good.alarms == [], "\(good.details)")
            #expect(try lights(good).restorable.state == .ok)
        }
    }

    @Test func whoOnlyWatchesIsToldToo() async throws {
        try await withVaultPairScene { scene in
            try scene.configure(pair: "databases: [orders], mode: watch")
            #expect(try await scene.keeper.run("backup").exitCode == 0)
            #expect(try await scene.keeper.check().exitCode == 0)
            try FileManager.default.removeItem(atPath: scene.vault)
            #expect(try await scene.keeper.check("--dry-run").finding("backup-lost") != nil)
            let lost = try await scene.keeper.check()
            #expect(lost.finding("backup-lost")?.summary.contains("none is there now") == true, "\(lost.details)")
            #expect(!FileManager.default.fileExists(atPath: scene.vault))
        }
    }

    @Test func whatAPruneDropsIsNotLost() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            for _ in 0..<3 { #expect(try await scene.keeper.run("backup").exitCode == 0) }
            let pruned = try await scene.keeper.run("vault", "prune", "--last", "1", "--confirm")
            #expect(pruned.exitCode == 0, "\(pruned)")
            #expect(try await scene.moments().map(\.number) == [4])
            #expect(try await scene.keeper.check().exitCode == 0)
        }
    }

    @Test func aVaultThatCannotBeReadIsNotLost() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            let catalogue = scene.vault + "/catalogue.sqlite"
            let sound = try Data(contentsOf: URL(filePath: catalogue))
            try Data(repeating: 7, count: 8192).write(to: URL(filePath: catalogue))
            let damaged = try await scene.keeper.check()
            #expect(damaged.finding("backup-lost") == nil && damaged.exitCode == 15, "\(damaged.details)")
            try sound.write(to: URL(filePath: catalogue))
            #expect(try await scene.keeper.check().exitCode == 0)
        }
    }
}
