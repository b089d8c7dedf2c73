import Foundation
import GRDB

/// Rows that are written twice, the second time under their number with a minus before it.
///
/// Everything else of a backup depends on a dictionary, a data key and the row of the encryption: one changed bit must not cost
/// all of it.
extension Ledger {
    static let spared = [dictionary, sealing, dataKey]

    /// Writes a row and its copy.
    ///
    /// - Parameter values: without the number.
    func insertTwice(
        _ number: Int, _ values: [(any DatabaseValueConvertible)?], _ database: Database
    ) throws {
        for key in [number, -number] { try insert([key] + values, database) }
    }

    /// The numbers of all rows, also of those of which only the copy is there.
    func numbers(_ database: Database) throws -> [Int] {
        try Row.fetchAll(database, sql: "SELECT DISTINCT abs(id) FROM \(table) ORDER BY 1").map { try $0.checked(0) }
    }

    /// A row's columns, or those of its copy where it is damaged or gone; nil where both are.
    func sound(_ number: Int, _ database: Database) throws -> Row? {
        for key in [number, -number] {
            if let row = try row(key, database), isSound(row) { return row }
        }
        return nil
    }

    /// A row's columns and its hash, as they are.
    func row(_ key: Int, _ database: Database) throws -> Row? {
        try Row.fetchOne(
            database.cachedStatement(
                sql: "SELECT \(selected) FROM \(table) WHERE id = ?"), arguments: [key])
    }

    /// Puts rows and copies that are damaged or gone back from each other, and makes copies where a backup has none yet.
    ///
    /// - Returns: how many were damaged or gone, and whether the tally was wrong.
    func mendSpares(_ database: Database) throws -> (rows: Int, tally: Bool) {
        guard try !isPaired(database) || !problems(database).isEmpty else { return (0, false) }
        let rows = try numbers(database).map { (number: $0, whole: try sound($0, database)) }
        // A row whose number is what was damaged is missing in its place, and a stray in another.
        let strays = rows.filter { $0.whole == nil }.map(\.number)
        var gone = max(try goneRows(database), strays.count)
        var (mended, refilled) = (0, 0)
        for (number, whole) in rows {
            guard let whole else { continue }
            for key in [number, -number] {
                let values: [DatabaseValue] = [key.databaseValue] + columns.indices.dropFirst().map { whole[$0] }
                let found = try row(key, database)
                guard found.map({ Array($0.databaseValues) }) != values + [hash(values).databaseValue] else { continue }
                guard found != nil || gone > 0 else {
                    try insert(values, database)
                    continue
                }
                if found == nil { (gone, refilled) = (gone - 1, refilled + 1) }
                try put(values, database)
                mended += 1
            }
        }
        if refilled > 0 { try removeStrays(strays, database) }
        return (mended, try settleTally(database))
    }

    /// Whether ``mendSpares(_:)`` makes the table what was written again: each row that is damaged or gone has a copy that is not.
    func hasCopiesOfAll(_ database: Database) throws -> Bool {
        let numbers = try numbers(database)
        let whole = try numbers.filter { try sound($0, database) != nil }
        let missing = try whole.flatMap { [$0, -$0] }.filter { try row($0, database) == nil }.count
        return try goneRows(database) + numbers.count - whole.count <= missing
    }

    /// Removes damaged rows that stand in no row's place; the tally knows them as those that were refilled.
    private func removeStrays(_ numbers: [Int], _ database: Database) throws {
        for number in numbers {
            // One that bodies name may be all that there is of it.
            let namers = table == Self.dictionary.table ? "SELECT 1 FROM body WHERE coding = ? LIMIT 1" : nil
            if let namers, try Int.fetchOne(database, sql: namers, arguments: [number]) != nil { continue }
            try database.execute(
                sql: "DELETE FROM \(table) WHERE id IN (?, ?)", arguments: [number, -number])
        }
    }

    /// Whether each row has its copy.
    private func isPaired(_ database: Database) throws -> Bool {
        let sql =
            "SELECT NOT EXISTS (SELECT 1 FROM \(table) AS one WHERE NOT EXISTS "
            + "(SELECT 1 FROM \(table) AS other WHERE other.id = -one.id))"
        return try Bool.fetchOne(database.cachedStatement(sql: sql)) ?? true
    }

    /// Writes a row as the tally knows it already.
    private func put(_ values: [DatabaseValue], _ database: Database) throws {
        let places = values.map { _ in "?" }.joined(separator: ", ")
        try database.execute(
            sql: "INSERT OR REPLACE INTO \(table) (\(columns.joined(separator: ", ")), hash) VALUES (\(places), ?)",
            arguments: StatementArguments(values + [hash(values).databaseValue]))
    }
}
