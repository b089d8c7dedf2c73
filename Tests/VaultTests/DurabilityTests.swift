import Foundation
import GRDB
import Testing

@testable import Vault

@Suite("Durability")
struct DurabilityTests {
    @Test("What is acknowledged is on the disk: SQLite waits at each commit, also after the first opening")
    func synchronous() async throws {
        let folder = TemporaryVault()
        for _ in 0..<2 {
            let vault = try await folder.database()
            let writer = try #require(vault.file.writer)
            let (journal, synchronous) = try await writer.write { database in
                (
                    try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                    try Int.fetchOne(database, sql: "PRAGMA synchronous")
                )
            }
            #expect(journal == "wal")
            // 1 is NORMAL, which syncs the log only when it is folded into the file; 2 is FULL.
            #expect(synchronous == 2)
            try await vault.close()
        }
    }
}
