import Foundation
import GRDB
import Replication
import Supervision

/// What targets have refused when repairs copied what was missing, in the state database: the reasons that later
/// verifications name.
package struct StoredRefusals: Sendable {
    /// How many are kept of a pair; as many as a verification explains differences, and some more.
    package static let keptOfPair = 1000

    private let state: StateDatabase

    package init(_ state: StateDatabase) { self.state = state }

    /// Makes the table; to be given to the state database when it is opened.
    package static func migrate(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("refusal-1") { database in
            try database.create(table: "refusal") { table in
                table.column("pair", .text).notNull()
                table.column("document", .blob).notNull()
                table.column("refusal", .blob).notNull()
                table.primaryKey(["pair", "document"])
            }
        }
    }

    /// Notes how a repair has ended: what was refused, and that everything else that it copied no longer is.
    package func note(_ report: HoleRepair.Report, of documents: [Difference], pair key: String) async throws {
        let refused = report.refusals.filter { $0.stage == .storing }.prefix(Self.keptOfPair)
        try await state.writing { database in
            for id in Set(documents.map(\.id)) {
                try database.execute(
                    sql: "DELETE FROM refusal WHERE pair = ? AND document = ?", arguments: [key, Self.bytes(id)])
            }
            for refusal in refused {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO refusal (pair, document, refusal) VALUES (?, ?, ?)",
                    arguments: [key, Self.bytes(refusal.id), try JSONEncoder().encode(refusal)])
            }
            try database.execute(
                sql: """
                    DELETE FROM refusal WHERE pair = ?1 AND rowid NOT IN
                        (SELECT rowid FROM refusal WHERE pair = ?1 ORDER BY rowid DESC LIMIT ?2)
                    """, arguments: [key, Self.keptOfPair])
        }
    }

    /// What was refused of a pair.
    package func all(of key: String) async throws -> [Refusal] {
        try await state.reading { database in
            try Data.fetchAll(database, sql: "SELECT refusal FROM refusal WHERE pair = ?", arguments: [key])
                .map { try JSONDecoder().decode(Refusal.self, from: $0) }
        }
    }

    private static func bytes(_ id: DocumentID) -> Data { Data(id.text.utf8) }
}
