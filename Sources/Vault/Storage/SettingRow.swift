import Foundation
import GRDB

/// A setting as it is stored.
struct SettingRow: Sendable {
    /// 0 for one that is not stored yet.
    var id: Int64
    var kind: Kind
    /// The id of a `_local` document, or its keyed digest; empty for others.
    var name: Data
    var value: Data
    /// Where the value is sealed: its keyed digest, by which it can be seen whether it changed.
    var token: Data?

    init(id: Int64 = 0, kind: Kind, name: Data, value: Data, token: Data? = nil) {
        (self.id, self.kind, self.name, self.value, self.token) = (id, kind, name, value, token)
    }

    enum Kind: String, CaseIterable {
        case security
        case revisionsLimit = "revs_limit"
        case q, n, partitioned
        case local = "_local"

        /// Whether an encrypted backup seals it; numbers are in the clear, since a writer needs them.
        var isSecret: Bool { self == .security || self == .local }
    }

    /// Whether it says the same as another one.
    func isEqual(_ other: SettingRow) -> Bool {
        kind == other.kind && name == other.name && (token ?? value) == (other.token ?? other.value)
    }

    /// The form in which it is stored.
    func sealed(_ keyring: Keyring, _ sealer: Sealer) throws -> SettingRow {
        guard kind.isSecret else { return self }
        var row = self
        row.name = name.isEmpty ? name : keyring.token("setting name", [name])
        row.token = keyring.token("setting", [Data(kind.rawValue.utf8), name, value])
        var plain = Data()
        plain.append(name, lengthFirst: true)
        row.value = try sealer.seal(plain + value, .setting, [Data(kind.rawValue.utf8), row.name])
        return row
    }

    /// The form in which it was before.
    func opened(_ keyring: Keyring, _ database: Database) throws -> SettingRow {
        guard kind.isSecret else { return self }
        var row = self
        guard var plain = try keyring.open(value, .setting, [Data(kind.rawValue.utf8), name], database),
            let name = plain.takePart()
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a setting was changed") }
        (row.name, row.value, row.token) = (name, plain, nil)
        return row
    }

    /// The current text of a setting.
    static func current(_ kind: Kind, _ horizon: Horizon, _ database: Database) throws -> String? {
        let data = try Data.fetchOne(
            database.cachedStatement(
                sql: "SELECT value FROM setting WHERE kind = ? AND name = ? AND superseded IS NULL AND added >= ?"),
            arguments: [kind.rawValue, Data(), horizon.first])
        return data.map { String(decoding: $0, as: UTF8.self) }
    }

    /// All settings that count at the horizon, with their rows' numbers; and the numbers of damaged rows.
    static func read(
        _ horizon: Horizon, _ database: Database
    ) throws -> (sound: [SettingRow], damaged: [Int64]) {
        let last = horizon.moment ?? .max
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, kind, name, value, added, superseded, token, hash FROM setting \
                WHERE added >= ? AND added <= ? AND (superseded IS NULL OR superseded > ?)
                """, arguments: [horizon.first, last, last])
        var (sound, damaged): ([SettingRow], [Int64]) = ([], [])
        for row in rows {
            switch Result(catching: { try SettingRow(row) }) {
            case .success(let setting): sound.append(setting)
            case .failure: damaged.append(try row.checked(0))
            }
        }
        return (sound, damaged)
    }

    /// Puts a damaged row into the place of those that are gone, which so stay lost at the moments of this epoch before one.
    static func insertHole(before moment: Int, first: Int, _ database: Database) throws {
        let id = (try Int64.fetchOne(database, sql: "SELECT max(id) FROM setting") ?? 0) + 1
        let values: [(any DatabaseValueConvertible)?] = [
            id, Kind.security.rawValue, Data(), Data(), first, moment, nil,
        ]
        try database.execute(
            sql: """
                INSERT INTO setting (id, kind, name, value, added, superseded, token, hash) \
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """, arguments: StatementArguments(values + [Ledger.setting.hash(values) &+ 1]))
    }

    /// As ``read(_:_:)``, where none may be damaged.
    static func all(_ horizon: Horizon, _ database: Database) throws -> [SettingRow] {
        let (sound, damaged) = try read(horizon, database)
        guard damaged.isEmpty else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a setting was changed")
        }
        return sound
    }

    /// Reads a row, and checks its hash.
    private init(_ row: Row) throws {
        let values = (0..<7).map { row[$0] as DatabaseValue }
        guard let kind = Kind(rawValue: try row.checked(1)), Ledger.setting.hash(values) == (try row.checked(7)) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a setting was changed")
        }
        self.init(
            id: try row.checked(0), kind: kind, name: try row.checked(2), value: try row.checked(3),
            token: try row.checkedOptional(6))
    }
}
