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
        let cursor = ColumnsCursor(statement, arguments) { columns -> LeafRow? in
            // Two names with one key are rare, and told apart here.
            guard try columns.withBytes(1, { $0.elementsEqual(name) }) else { return nil }
            return try LeafRow(columns)
        }
        while let row = try cursor.next() { if let row { leaves.append(row) } }
        return leaves
    }

    /// Some documents, each with all of its leaves.
    struct Page {
        /// The documents whose newest row is on the page, with the oldest row first; the newest tells the place in the feed.
        var documents: [[LeafRow]]
        /// The page's last row; nil where it has none.
        var last: Int64?
        /// Whether there were fewer rows than asked for.
        var isLast: Bool
    }

    /// The documents of the next rows behind one, in the order in which their newest rows were written.
    func page(after id: Int64, limit: Int, _ database: Database) throws -> Page {
        func condition(_ table: String) -> String {
            moment == nil
                ? "\(table).superseded IS NULL AND \(table).added >= ?2"
                : "\(table).added >= ?2 AND \(table).added <= ?4 AND (\(table).superseded IS NULL OR \(table).superseded > ?4)"
        }
        var arguments: StatementArguments = [id, first, limit]
        if let moment { arguments += [moment] }
        // Most documents have one leaf: the index tells, and nothing else is read of them.
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(LeafRow.columns), EXISTS (SELECT 1 FROM leaf AS other \
                WHERE other.key = leaf.key AND other.id <> leaf.id AND \(condition("other"))) \
                FROM leaf WHERE id > ?1 AND \(condition("leaf")) ORDER BY id LIMIT ?3
                """)
        let cursor = ColumnsCursor(statement, arguments) { columns in
            (read: try LeafRow.read(columns), hasOthers: try columns.bool(11))
        }
        var rows: [(read: (row: LeafRow, key: Int64), hasOthers: Bool)] = []
        while let row = try cursor.next() { rows.append(row) }
        let documents = try rows.compactMap { row -> [LeafRow]? in
            guard row.hasOthers else { return [row.read.row] }
            let leaves = try leaves(key: row.read.key, name: row.read.row.name, database)
            // A document is listed once, at its newest row.
            return leaves.last?.id == row.read.row.id ? leaves : nil
        }
        return Page(documents: documents, last: rows.last?.read.row.id, isLast: rows.count < limit)
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
