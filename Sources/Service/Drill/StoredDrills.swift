import Backup
import Foundation
import GRDB
import Supervision

/// The drills that were made, in the state database: the evidence of the Restorable light.
package struct StoredDrills: Sendable {
    /// How many drills of a backup are kept, of those with a verdict and of those without one.
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
        migrator.registerMigration("drill-2") { database in
            // Drills without a verdict may be many, and must not push out what is known of the backup.
            try database.execute(sql: "ALTER TABLE drill ADD COLUMN verdict TEXT")
            for row in try Row.fetchAll(database, sql: "SELECT id, report FROM drill") {
                let report = try JSONDecoder().decode(DrillReport.self, from: row["report"] as Data)
                try database.execute(
                    sql: "UPDATE drill SET verdict = ? WHERE id = ?",
                    arguments: [report.verdict.rawValue, row["id"] as Int64])
            }
            // Since when there is a backup to rehearse: without it, one that never was would never be overdue.
            try database.create(table: "drill_due") { table in
                table.primaryKey("key", .text)
                table.column("since", .double).notNull()
            }
        }
        migrator.registerMigration("drill-3") { database in
            // What a check is at: one that dies of it would begin with the same again, and come to no other.
            try database.create(table: "drill_begun") { table in
                table.primaryKey("backup", .text)
                table.column("report", .blob).notNull()
            }
        }
        migrator.registerMigration("drill-4") { database in
            try database.create(table: "drill_outage") { table in
                table.primaryKey("id", .integer)
                table.column("outage", .blob).notNull()
            }
        }
    }

    /// Keeps a drill.
    package func store(_ report: DrillReport) async throws {
        try await state.writing { try Self.put(report, $0) }
    }

    private static func put(_ report: DrillReport, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO drill (backup, verdict, report) VALUES (?, ?, ?)",
            arguments: [report.backup, report.verdict.rawValue, try JSONEncoder().encode(report)])
        for isInVain in [false, true] {
            try database.execute(
                sql: """
                    DELETE FROM drill WHERE id IN (SELECT id FROM drill \
                    WHERE backup = ? AND (verdict = 'unknown') = ? ORDER BY id DESC LIMIT -1 OFFSET ?)
                    """, arguments: [report.backup, isInVain, kept])
        }
    }

    // MARK: Drills of checks

    /// Notes that a check begins a drill, which its place takes.
    ///
    /// - Parameter report: what is kept of it where its process does not live to keep another one.
    func begin(_ report: DrillReport) async throws {
        try await state.writing { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO drill_begun (backup, report) VALUES (?, ?)",
                arguments: [report.backup, try JSONEncoder().encode(report)])
            try database.execute(sql: "DELETE FROM drill_outage")
        }
    }

    /// Keeps a drill that was begun.
    func end(_ report: DrillReport) async throws {
        try await state.writing { database in
            try database.execute(sql: "DELETE FROM drill_begun WHERE backup = ?", arguments: [report.backup])
            try Self.put(report, database)
        }
    }

    /// Whether a drill was begun that has not ended.
    var hasBegun: Bool {
        get async throws {
            try await state.reading { try Int.fetchOne($0, sql: "SELECT count(*) FROM drill_begun") ?? 0 } > 0
        }
    }

    /// Keeps drills that were begun and whose process is gone; only who has the right to make drills knows that it is.
    ///
    /// - Returns: the backups.
    func endInterrupted() async throws -> Set<String> {
        try await state.writing { database in
            let interrupted = try Data.fetchAll(database, sql: "SELECT report FROM drill_begun")
                .map { try JSONDecoder().decode(DrillReport.self, from: $0) }
            for report in interrupted { try Self.put(report, database) }
            try database.execute(sql: "DELETE FROM drill_begun")
            return Set(interrupted.map(\.backup))
        }
    }

    /// Notes that the place takes no drill, until one is begun.
    func note(_ outage: DrillOutage) async throws {
        try await state.writing { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO drill_outage (id, outage) VALUES (1, ?)",
                arguments: [try JSONEncoder().encode(outage)])
        }
    }

    /// Forgets that the place took no drill: what stood against it is gone.
    func forgetOutage() async throws {
        try await state.writing { try $0.execute(sql: "DELETE FROM drill_outage") }
    }

    /// Why the place took no drill when it was tried last; nil where it did.
    func outage() async throws -> DrillOutage? {
        try await state.reading { database in
            try Data.fetchOne(database, sql: "SELECT outage FROM drill_outage")
                .map { try JSONDecoder().decode(DrillOutage.self, from: $0) }
        }
    }

    // MARK: Reading

    /// The drills that the lights and the schedule follow from, by their backup's name, the newest first.
    package func histories() async throws -> [String: [DrillReport]] {
        let reports = try await state.reading { database -> [Data] in
            try Data.fetchAll(
                database,
                sql: """
                    SELECT report FROM (
                        SELECT id, report, verdict,
                            row_number() OVER (PARTITION BY backup, verdict ORDER BY id DESC) AS place FROM drill)
                    WHERE place <= 12 ORDER BY id DESC
                    """)
        } decoding: { reports in
            let decoder = JSONDecoder()
            return try reports.map { try decoder.decode(DrillReport.self, from: $0) }
        }
        return Dictionary(grouping: reports, by: \.backup)
    }

    /// Notes since when pairs are to be rehearsed: those that are new, or were noted while the clock was ahead, with the moment
    /// given; and forgets it of those that are not to be.
    ///
    /// - Parameters:
    ///   - keys: the pairs that have a backup.
    ///   - others: those of which that is not known now.
    func noteDue(_ keys: [String], besides others: [String], at moment: Date) async throws {
        let wanted = Set(keys + others)
        try await state.writing { database in
            for key in try DueTable.drills.all(database).keys where !wanted.contains(key) {
                try DueTable.drills.forget(key, database)
            }
            for key in keys { try DueTable.drills.note(key, since: moment, database) }
        }
    }

    /// Since when pairs are to be rehearsed, by their keys, as far as that was noted.
    func dueSince() async throws -> [String: Date] {
        try await state.reading { try DueTable.drills.all($0) }
    }
}
