import Foundation
import GRDB

/// A series of moments of one source database. A source that was created anew, or went back in time, begins another one.
package struct Epoch: Sendable, Hashable {
    package var number: Int
    /// The number of its first moment.
    package var first: Int
    package var began: Date
    package var source: SourceIdentity
    package var reason: String

    static let columns = "id, first, began, source, reason, hash"

    /// Reads a row of the columns, and checks its hash.
    init(_ row: Row) throws {
        guard Ledger.epoch.hash((0..<5).map { row[$0] as DatabaseValue }) == (try row.checked(5)) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an epoch was changed")
        }
        number = try row.checked(0)
        first = try row.checked(1)
        began = Date(milliseconds: try row.checked(2))
        source = try JSONDecoder().decode(SourceIdentity.self, from: try row.checked(3) as Data)
        reason = try row.checked(4)
    }

    static func newest(_ database: Database) throws -> Epoch {
        // A damaged row of the past keeps nothing from going on.
        guard let row = try Row.fetchOne(database, sql: "SELECT \(columns) FROM epoch ORDER BY id DESC LIMIT 1") else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the epochs are missing")
        }
        return try Epoch(row)
    }

    static func all(_ database: Database) throws -> [Epoch] {
        try Row.fetchAll(database, sql: "SELECT \(columns) FROM epoch ORDER BY id")
            .map(Epoch.init)
    }
}
