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
        try database.cachedStatement(sql: "SELECT 1 FROM leaf WHERE key = ? LIMIT 1")
            .rows(database) { $0.append(key) }.next { _ in } != nil
    }

    /// Which rows count at a moment, whose number is the third argument; the second one is that of the epoch's first.
    private static let past = "added >= ?2 AND added <= ?3 AND (superseded IS NULL OR superseded > ?3)"

    /// All current leaves of a document that a vault sees at the horizon.
    ///
    /// - Parameter expectsSound: throws where a row is damaged, which is left out elsewhere.
    func leaves(
        key: Int64, name: Data, expectsSound: Bool = false, _ database: Database
    ) throws -> [LeafRow] {
        let condition =
            moment == nil
            ? "superseded IS NULL AND added >= ?2"
            : Self.past
        let statement = try database.cachedStatement(
            sql: "SELECT \(LeafRow.columns) FROM leaf WHERE key = ?1 AND \(condition)")
        let rows = try statement.rows(database) { values in
            values.append(key)
            values.append(first)
            if let moment { values.append(moment) }
        }
        var leaves: [LeafRow] = []
        // Two names with one key are rare, and told apart here.
        while let read = try rows.next({ columns in
            Result { try columns.has(name, at: 1) ? LeafRow(columns) : nil }
        }) {
            switch read {
            case .success(let row?): leaves.append(row)
            case .failure(let damage) where expectsSound: throw damage
            case .success, .failure: continue
            }
        }
        // SQLite would make room for sorting at each look, and hardly ever is there more than one.
        if leaves.count > 1 { leaves.sort { $0.id < $1.id } }
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
        let rows = try rows(LeafRow.columns, after: id, limit: limit, database)
        var (documents, last, count): ([[LeafRow]], Int64?, Int) = ([], nil, 0)
        while let (id, read, hasOthers) = try rows.next({ columns in
            (try columns.integer(0), Result { try LeafRow.read(columns) }, try columns.bool(11))
        }) {
            (last, count) = (id, count + 1)
            // One damaged row must not take the others along.
            guard case .success(let (row, key)) = read else { continue }
            if let leaves = try document(of: row, key: key, hasOthers: hasOthers, database) { documents.append(leaves) }
        }
        return Page(documents: documents, last: last, isLast: count < limit)
    }

    /// Looks at the rows behind one, in the order in which they were written, and checks none.
    ///
    /// - Parameter read: takes a row with the columns for ``Naming/withID(of:_:_:)``, and tells whether to go on.
    /// - Returns: whether all were looked at.
    func scan(
        after id: Int64, _ database: Database, _ read: (IDSorter.Row, Columns) throws -> Bool
    ) throws -> Bool {
        let rows = try rows("id, name, history", after: id, limit: -1, database)
        while let goesOn = try rows.next({ columns in
            try read(IDSorter.Row(id: try columns.integer(0), hasOthers: try columns.bool(3)), columns)
        }) {
            guard goesOn else { return false }
        }
        return true
    }

    /// The documents of some rows, each where its newest row is, with all of its leaves, the oldest row first.
    func documents(of rows: some Sequence<IDSorter.Row>, _ database: Database) throws -> [[LeafRow]] {
        let statement = try database.cachedStatement(sql: "SELECT \(LeafRow.columns) FROM leaf WHERE id = ?")
        var documents: [[LeafRow]] = []
        for row in rows {
            let found = try statement.rows(database) { $0.append(row.id) }
            // One damaged row must not take the others along.
            guard case .success(let (leaf, key)) = try found.next({ columns in Result { try LeafRow.read(columns) } })
            else { continue }
            if let leaves = try document(of: leaf, key: key, hasOthers: row.hasOthers, database) {
                documents.append(leaves)
            }
        }
        return documents
    }

    /// All leaves of a row's document, the oldest row first; nil where the row is not its newest, at which alone it is listed.
    ///
    /// - Parameter hasOthers: whether other rows have the same key.
    private func document(
        of row: LeafRow, key: Int64, hasOthers: Bool, _ database: Database
    ) throws -> [LeafRow]? {
        guard hasOthers else { return [row] }
        let leaves = try leaves(key: key, name: row.name, database)
        return leaves.last?.id == row.id ? leaves : nil
    }

    /// Columns of the rows behind one, in the order in which they were written, with one more that tells whether other rows at
    /// the horizon have the same key.
    ///
    /// - Parameter limit: the most rows; negative for all.
    private func rows(_ columns: String, after id: Int64, limit: Int, _ database: Database) throws -> Rows {
        func condition(_ table: String) -> String {
            moment == nil
                ? "\(table).superseded IS NULL AND \(table).added >= ?2"
                : "\(table).added >= ?2 AND \(table).added <= ?4 AND (\(table).superseded IS NULL OR \(table).superseded > ?4)"
        }
        // Most documents have one leaf: the index tells, and nothing else is read of them.
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns), EXISTS (SELECT 1 FROM leaf AS other \
                WHERE other.key = leaf.key AND other.id <> leaf.id AND \(condition("other"))) \
                FROM leaf WHERE id > ?1 AND \(condition("leaf")) ORDER BY id LIMIT ?3
                """)
        return try statement.rows(database) { values in
            values.append(id)
            values.append(first)
            values.append(limit)
            if let moment { values.append(moment) }
        }
    }
}

extension Horizon {
    /// How many documents have leaves behind a row.
    func pending(after id: Int64, _ database: Database) throws -> Int {
        let sql = "SELECT count(DISTINCT key) FROM leaf WHERE id > ?1 AND \(Self.past)"
        return try Int.fetchOne(
            database.cachedStatement(sql: sql), arguments: [id, first, moment ?? Int.max]) ?? 0
    }

    /// The number of all leaves, and the sum of their digests; without damaged rows, which nothing else reads either.
    func sum(_ database: Database) throws -> (leaves: Int, digest: DigestSum) {
        let rows = try database.cachedStatement(
            sql: "SELECT \(LeafRow.columns) FROM leaf WHERE id > ?1 AND \(Self.past)"
        )
        .rows(database) { values in
            values.append(0)
            values.append(first)
            values.append(moment ?? Int.max)
        }
        var (leaves, sum) = (0, DigestSum())
        while let row = try rows.next(LeafRow.sound) {
            guard let row else { continue }
            leaves += 1
            sum += row.digest
        }
        return (leaves, sum)
    }

    /// The number of the last row that was written at the horizon; 0 where there is none.
    func newestRow(_ database: Database) throws -> Int64 {
        let condition = moment == nil ? "" : "WHERE added <= ?1"
        let statement = try database.cachedStatement(sql: "SELECT max(id) FROM leaf \(condition)")
        return try Int64.fetchOne(statement, arguments: moment.map { [$0] } ?? []) ?? 0
    }
}
