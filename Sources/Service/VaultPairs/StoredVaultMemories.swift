import Foundation
import GRDB
import Supervision

/// What is remembered of the pairs whose target is the vault, in the state database, by the target's name.
struct StoredVaultMemories: Sendable {
    private let state: StateDatabase

    init(_ state: StateDatabase) { self.state = state }

    /// Makes the table; to be given to the state database when it is opened.
    static func migrate(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("vault-pair-1") { database in
            try database.create(table: "vault_memory") { table in
                table.primaryKey("target", .text)
                table.column("memory", .blob).notNull()
            }
        }
    }

    func all() async throws -> [String: VaultMemory] {
        try await state.reading { database -> [String: Data] in
            let rows = try Row.fetchAll(database, sql: "SELECT target, memory FROM vault_memory")
            return rows.reduce(into: [String: Data]()) { $0[$1["target"]] = $1["memory"] as Data }
        } decoding: { memories in
            let decoder = JSONDecoder()
            return try memories.mapValues { try decoder.decode(VaultMemory.self, from: $0) }
        }
    }

    /// Writes in one transaction.
    func store(_ memories: [String: VaultMemory]) async throws {
        guard !memories.isEmpty else { return }
        let encoded = try memories.mapValues { try JSONEncoder().encode($0) }
        try await state.writing { database in
            for (target, memory) in encoded {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO vault_memory (target, memory) VALUES (?, ?)",
                    arguments: [target, memory])
            }
        }
    }
}
