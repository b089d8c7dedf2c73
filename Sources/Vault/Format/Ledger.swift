import Foundation
import GRDB

/// A table whose rows carry a hash, and whose tally tells how many rows it has and what their hashes add up to.
///
/// So a row that was changed is found by its hash, and one that is gone, or an old one that is back, by the tally.
struct Ledger {
    let table: String
    /// The columns that the hash covers, in its order; the first is the key.
    let columns: [String]

    static let attachment = Ledger(table: "attachment", columns: ["id", "sha256", "size", "file", "stored"])
    static let dictionary = Ledger(table: "dictionary", columns: ["id", "data"])
    static let moment = Ledger(
        table: "moment",
        columns: [
            "id", "time", "epoch", "sequence", "complete", "set_aside", "documents", "deleted", "leaves", "digest",
            "verified",
        ])
    static let epoch = Ledger(table: "epoch", columns: ["id", "first", "began", "source", "reason"])
    static let setting = Ledger(
        table: "setting", columns: ["id", "kind", "name", "value", "added", "superseded", "token"])
    static let checkpoint = Ledger(table: "checkpoint", columns: ["id", "value"])
    static let sealing = Ledger(table: "sealing", columns: ["id", "key", "form", "salt", "wrapped"])
    static let dataKey = Ledger(table: "data_key", columns: ["id", "wrapped"])
    static let all = [attachment, dictionary, moment, epoch, setting, checkpoint, sealing, dataKey]

    /// The hash that a row must have.
    func hash(_ values: [(any DatabaseValueConvertible)?]) -> Int64 { RowHash.of(table: table, values) }

    /// The columns and the hash behind them, as ``isSound(_:)`` wants a row.
    var selected: String { columns.joined(separator: ", ") + ", hash" }

    /// Whether a row of the columns and their hash is what was written.
    func isSound(_ row: Row) -> Bool {
        hash(columns.indices.map { row[$0] as DatabaseValue }).databaseValue == row[columns.count]
    }

    /// Writes a row; `data` is a further column that the hash does not cover, since another one names its hash.
    func insert(
        _ values: [(any DatabaseValueConvertible)?], data: (column: String, value: Data?)? = nil, _ database: Database
    ) throws {
        let hash = hash(values)
        var names = columns + ["hash"]
        var arguments = values + [hash]
        if let data {
            names.append(data.column)
            arguments.append(data.value)
        }
        let places = names.map { _ in "?" }.joined(separator: ", ")
        try database.cachedStatement(
            sql: "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(places))"
        ).execute(arguments: StatementArguments(arguments))
        try adjust(rows: 1, sum: hash, database)
    }

    /// Puts another value into a column of the row with a key.
    func update(
        _ key: any DatabaseValueConvertible, set column: String, to value: (any DatabaseValueConvertible)?,
        _ database: Database
    )
        throws
    {
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT \(selected) FROM \(table) WHERE \(columns[0]) = ?",
                arguments: [key])
        else { return }
        let values = columns.indices.map { columns[$0] == column ? value?.databaseValue ?? .null : row[$0] }
        let hash = hash(values)
        try database.execute(
            sql: "UPDATE \(table) SET \(column) = ?, hash = ? WHERE \(columns[0]) = ?", arguments: [value, hash, key])
        try adjust(rows: 0, sum: hash &- row.checked(columns.count), database)
    }

    /// Removes the rows that a condition names.
    @discardableResult
    func delete(where condition: String, _ arguments: StatementArguments, _ database: Database) throws -> Int {
        let hashes: [Int64] = try Row.fetchAll(
            database, sql: "DELETE FROM \(table) WHERE \(condition) RETURNING hash", arguments: arguments
        ).map { try $0.checked(0) }
        try adjust(rows: -hashes.count, sum: hashes.reduce(0) { $0 &- $1 }, database)
        return hashes.count
    }

    /// Removes rows that are damaged, and tallies those that stay anew: what the damaged ones added can't be known.
    func deleteDamaged(_ keys: [Int], _ database: Database) throws -> Int {
        guard !keys.isEmpty else { return 0 }
        for key in keys {
            try database.execute(sql: "DELETE FROM \(table) WHERE \(columns[0]) = ?", arguments: [key])
        }
        try tallyAnew(database)
        return keys.count
    }

    /// Makes the tally that of the rows there are, where it is known and told that others were lost.
    func tallyAnew(_ database: Database) throws {
        let hashes: [Int64] = try Row.fetchAll(database, sql: "SELECT hash FROM \(table)").map { try $0.checked(0) }
        try database.execute(
            sql: "INSERT OR REPLACE INTO tally (id, rows, sum) VALUES (?, ?, ?)",
            arguments: [table, hashes.count, hashes.reduce(0) { $0 &+ $1 }])
    }

    /// Makes rows that are gone missed no more, and returns how many there were.
    func settleGone(_ database: Database) throws -> Int {
        let gone = try goneRows(database)
        if gone > 0 { try tallyAnew(database) }
        return gone
    }

    /// How many rows are gone, by the tally.
    func goneRows(_ database: Database) throws -> Int {
        let tallied = try Int.fetchOne(
            database.cachedStatement(sql: "SELECT rows FROM tally WHERE id = ?"), arguments: [table])
        let found = try Int.fetchOne(database.cachedStatement(sql: "SELECT count(*) FROM \(table)")) ?? 0
        return max(0, (tallied ?? found) - found)
    }

    /// Removes all rows, also where their hashes are not those that the tally knows.
    func clear(_ database: Database) throws {
        try database.execute(sql: "DELETE FROM \(table)")
        try database.execute(
            sql: "INSERT OR REPLACE INTO tally (id, rows, sum) VALUES (?, 0, 0)", arguments: [table])
    }

    private func adjust(rows: Int, sum: Int64, _ database: Database) throws {
        // SQLite's own addition would turn into floating point where it overflows.
        let old = try Row.fetchOne(
            database.cachedStatement(sql: "SELECT rows, sum FROM tally WHERE id = ?"), arguments: [table])
        let (oldRows, oldSum): (Int, Int64) = (try old?.checked(0) ?? 0, try old?.checked(1) ?? 0)
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO tally (id, rows, sum) VALUES (?, ?, ?)")
            .execute(arguments: [table, oldRows + rows, oldSum &+ sum])
    }
}
