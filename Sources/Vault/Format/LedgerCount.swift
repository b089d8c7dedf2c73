import Foundation
import GRDB

/// What the rows of a table add up to, beside what its tally says.
struct LedgerCount {
    /// Rows that are not what was written, in words.
    private(set) var changed: [String] = []
    private var rows = 0
    private var sum: Int64 = 0
    private var tallied: (rows: Int, sum: Int64) = (0, 0)

    /// Reads every row.
    init(_ ledger: Ledger, _ database: Database) throws {
        if let tally = try Row.fetchOne(
            database, sql: "SELECT rows, sum FROM tally WHERE id = ?", arguments: [ledger.table])
        {
            // What is no number is wrong, and no error.
            tallied = (Int.fromDatabaseValue(tally[0]) ?? -1, Int64.fromDatabaseValue(tally[1]) ?? -1)
        }
        let columns = ledger.columns
        let cursor = try Row.fetchCursor(
            database, sql: "SELECT \(ledger.selected) FROM \(ledger.table)")
        while let row = try cursor.next() {
            let hash: DatabaseValue = row[columns.count]
            let expected = ledger.hash(columns.indices.map { row[$0] as DatabaseValue })
            if hash != expected.databaseValue {
                changed.append("row \(row[0] as DatabaseValue) of \(ledger.table) was changed")
            }
            rows += 1
            sum = sum &+ expected
        }
    }

    private var isTallied: Bool { rows == tallied.rows && sum == tallied.sum }

    /// Whether each row is what was written, none is gone, and the tally says otherwise.
    ///
    /// It is damaged itself, or an older row is back: nothing tells these apart.
    var hasWrongTally: Bool { changed.isEmpty && !isTallied && (rows >= tallied.rows || sum == tallied.sum) }

    /// Whether rows are gone, or older ones are in their places.
    var lacksRows: Bool { changed.isEmpty && !isTallied && !hasWrongTally }
}

extension Ledger {
    /// What is wrong with the table's rows and their tally.
    func problems(_ database: Database) throws -> [String] {
        let count = try LedgerCount(self, database)
        if count.lacksRows { return ["\(table) has not the rows that were written"] }
        return count.hasWrongTally ? [wrongTally] : count.changed
    }

    /// What a check says where ``settleTally(_:)`` can do something.
    var wrongTally: String { "the sum of \(table) is not that of its rows: it was changed, or an older row is back" }

    /// Makes a wrong tally that of the rows that are there; for who tells of it, since an older row that is back is found no more.
    ///
    /// - Returns: whether it was wrong.
    func settleTally(_ database: Database) throws -> Bool {
        guard try LedgerCount(self, database).hasWrongTally else { return false }
        try tallyAnew(database)
        return true
    }
}
