import Foundation
import GRDB

/// The kinds of settings and how their rows are read.
enum SettingRow {
    enum Kind: String, CaseIterable {
        case security
        case revisionsLimit = "revs_limit"
        case q, n, partitioned
        case local = "_local"
    }

    /// The current text of a setting.
    static func current(_ kind: Kind, _ horizon: Horizon, _ database: Database) throws -> String? {
        let data = try Data.fetchOne(
            database.cachedStatement(
                sql: "SELECT value FROM setting WHERE kind = ? AND name = ? AND superseded IS NULL AND added >= ?"),
            arguments: [kind.rawValue, Data(), horizon.first])
        return data.map { String(decoding: $0, as: UTF8.self) }
    }

    /// All settings that count at the horizon, with their rows' numbers.
    static func all(
        _ horizon: Horizon, _ database: Database
    ) throws -> [(id: Int64, kind: Kind, name: String, value: Data)] {
        let last = horizon.moment ?? .max
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, kind, name, value, added, superseded, hash FROM setting \
                WHERE added >= ? AND added <= ? AND (superseded IS NULL OR superseded > ?)
                """, arguments: [horizon.first, last, last])
        return try rows.map { row in
            let kind: String = try row.checked(1)
            let values = (0..<6).map { row[$0] as DatabaseValue }
            guard let kind = Kind(rawValue: kind), Ledger.setting.hash(values) == (try row.checked(6)) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a setting was changed")
            }
            let name: Data = try row.checked(2)
            return (try row.checked(0), kind, String(decoding: name, as: UTF8.self), try row.checked(3))
        }
    }
}
