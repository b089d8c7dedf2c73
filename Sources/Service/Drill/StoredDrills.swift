import Backup
import Foundation
import GRDB
import Supervision

/// The drills that were made, in the state database: the evidence of the Restorable light.
package struct StoredDrills: Sendable {
    /// How many drills of a backup are kept.
    package static let kept = 100

    private let state: StateDatabase

    package init(_ state: StateDatabase) { self.state = state }

    /// Makes the table; to be given to the state database when it is opened.
    package static func migrate(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("drill-1") { database in
            try database.create(table: "drill") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("backup", .text).notNull().indexed()
                table.column("report", .blob).notNull()
            }
        }
    }

    /// Keeps a drill.
    package func store(_ report: DrillReport) async throws {
        try await state.writing { database in
            try database.execute(
                sql: "INSERT INTO drill (backup, report) VALUES (?, ?)",
                arguments: [report.backup, try JSONEncoder().encode(report)])
            try database.execute(
                sql: """
                    DELETE FROM drill WHERE backup = ?1 AND id NOT IN \
                    (SELECT id FROM drill WHERE backup = ?1 ORDER BY id DESC LIMIT ?2)
                    """, arguments: [report.backup, Self.kept])
        }
    }

    /// The drills by their backup's name, the newest first.
    package func histories() async throws -> [String: [DrillReport]] {
        try await state.reading { database in
            let reports = try Data.fetchAll(database, sql: "SELECT report FROM drill ORDER BY id DESC")
                .map { try JSONDecoder().decode(DrillReport.self, from: $0) }
            return Dictionary(grouping: reports, by: \.backup)
        }
    }
}
