import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Backup
@testable import Vault

/// What is wrong with the vault is not told as the source's fault.
@Suite(.timeLimit(.minutes(1))) struct VaultFailureTests {
    @Test func aDamagedVaultIsNotTheSource() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(3)
            try await scene.backUp()
            try await scene.withBackup { backup in
                try await backup.file.write { try $0.execute(sql: "DROP TABLE epoch") }
                let error = await #expect(throws: VaultError.self) {
                    try await BackupRun(of: scene.source, into: backup).run()
                }
                #expect(error?.code == .damaged)
            }
        }
    }
}
