import Foundation
import GRDB

/// The one row that tells which database this is and what its newest state sums up to.
struct StateRow: Hashable, Sendable {
    /// The vault's uuid.
    var vault: String
    /// The database's uuid in the vault.
    var database: String
    /// The name of the backup.
    var name: String
    /// The number of the moment that is being written.
    var moment: Int
    /// The first moment of the current epoch; older leaves are the past of another source.
    var first: Int
    var documents = 0
    var deleted = 0
    var leaves = 0
    /// The sum of the digests of all current leaves.
    var digest = DigestSum()

    private static let columns = [
        "vault", "database", "name", "moment", "first", "documents", "deleted", "leaves", "digest",
    ]

    init(vault: String, database: String, name: String) {
        (self.vault, self.database, self.name, moment, first) = (vault, database, name, 1, 1)
    }

    /// Reads the row, and checks it.
    init(_ database: Database) throws {
        let columns = Self.columns.joined(separator: ", ")
        guard
            let row = try Row.fetchOne(
                database.cachedStatement(sql: "SELECT \(columns), hash FROM state WHERE id = 1")),
            let digest = DigestSum(try row.checked(8))
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the state is missing") }
        vault = try row.checked(0)
        self.database = try row.checked(1)
        name = String(decoding: try row.checked(2) as Data, as: UTF8.self)
        moment = try row.checked(3)
        first = try row.checked(4)
        documents = try row.checked(5)
        deleted = try row.checked(6)
        leaves = try row.checked(7)
        self.digest = digest
        guard try row.checked(9) == hash else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the state was changed")
        }
    }

    /// The database's uuid as the row says it, for keys, which tell by themselves whether it is the right one.
    static func uuid(_ database: Database) throws -> String {
        guard let row = try Row.fetchOne(database, sql: "SELECT database FROM state WHERE id = 1") else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the state is missing")
        }
        return try row.checked(0)
    }

    func write(_ database: Database) throws {
        let names = (["id"] + Self.columns + ["hash"]).joined(separator: ", ")
        try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO state (\(names)) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ).execute(arguments: StatementArguments(values + [hash]))
    }

    private var values: [(any DatabaseValueConvertible)?] {
        [vault, database, Data(name.utf8), moment, first, documents, deleted, leaves, digest.data]
    }

    private var hash: Int64 { RowHash.of(table: "state", values) }
}
