import Foundation
import GRDB

/// Which leaves count: those of one moment, or those of now.
struct Horizon: Sendable, Hashable {
    /// The first moment of the epoch; what was added before it belongs to another source.
    let first: Int
    /// The moment; nil for now.
    let moment: Int?

    /// Whether the vault has ever had a document with this key.
    static func knows(key: Int64, _ database: Database) throws -> Bool {
        let statement = try database.cachedStatement(sql: "SELECT 1 FROM leaf WHERE key = ? LIMIT 1")
        statement.setUncheckedArguments([key])
        return try Int.fetchCursor(statement).next() != nil
    }

    /// All current leaves of a document that a vault sees at the horizon.
    func leaves(key: Int64, name: Data, _ database: Database) throws -> [LeafRow] {
        let statement: Statement
        let arguments: StatementArguments
        if let moment {
            statement = try database.cachedStatement(
                sql: """
                    SELECT \(LeafRow.columns) FROM leaf WHERE key = ?1 AND added >= ?2 AND added <= ?3 \
                    AND (superseded IS NULL OR superseded > ?3) ORDER BY id
                    """)
            arguments = [key, first, moment]
        } else {
            statement = try database.cachedStatement(
                sql: """
                    SELECT \(LeafRow.columns) FROM leaf WHERE key = ?1 AND superseded IS NULL AND added >= ?2 ORDER BY id
                    """)
            arguments = [key, first]
        }
        var leaves: [LeafRow] = []
        let cursor = try Row.fetchCursor(statement, arguments: arguments)
        while let row = try cursor.next() {
            // Two names with one key are rare, and told apart here.
            guard row[1] as DatabaseValue == name.databaseValue else { continue }
            leaves.append(try LeafRow(row))
        }
        return leaves
    }

    /// The next rows behind one, in the order in which they were written.
    func rows(after id: Int64, limit: Int, _ database: Database) throws -> [LeafRow] {
        let condition =
            moment == nil
            ? "superseded IS NULL AND added >= ?2"
            : "added >= ?2 AND added <= ?4 AND (superseded IS NULL OR superseded > ?4)"
        var arguments: StatementArguments = [id, first, limit]
        if let moment { arguments += [moment] }
        let statement = try database.cachedStatement(
            sql: "SELECT \(LeafRow.columns) FROM leaf WHERE id > ?1 AND \(condition) ORDER BY id LIMIT ?3")
        var rows: [LeafRow] = []
        let cursor = try Row.fetchCursor(statement, arguments: arguments)
        while let row = try cursor.next() { rows.append(try LeafRow(row)) }
        return rows
    }
}

extension Horizon {
    /// How many leaves come behind a row; a document with several counts for each.
    func pending(after id: Int64, _ database: Database) throws -> Int {
        let sql = """
            SELECT count(*) FROM leaf WHERE id > ?1 AND added >= ?2 AND added <= ?3 \
            AND (superseded IS NULL OR superseded > ?3)
            """
        return try Int.fetchOne(
            database.cachedStatement(sql: sql), arguments: [id, first, moment ?? Int.max]) ?? 0
    }

    /// The number of the last row that was written at the horizon; 0 where there is none.
    func newestRow(_ database: Database) throws -> Int64 {
        let condition = moment == nil ? "" : "WHERE added <= ?1"
        let statement = try database.cachedStatement(sql: "SELECT max(id) FROM leaf \(condition)")
        return try Int64.fetchOne(statement, arguments: moment.map { [$0] } ?? []) ?? 0
    }
}
