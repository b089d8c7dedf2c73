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
        let epoch = try Epoch(row)
        // A state that is damaged itself is told by what needs it.
        if let state = try? StateRow(database), state.first != epoch.first {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the row of the newest epoch is gone")
        }
        return epoch
    }

    /// Makes the row of the newest epoch anew, where it is damaged or gone, of what else is known of it.
    ///
    /// Which database the source is, its mark tells from now on: a source that has none, or another one, is not taken for
    /// the one that was backed up.
    static func renew(_ state: StateRow, _ database: Database) throws {
        let row = try Row.fetchOne(
            database, sql: "SELECT \(columns) FROM epoch ORDER BY id DESC LIMIT 1")
        let sound = row.flatMap { try? Epoch($0) }
        let isGone = row == nil || sound.map { $0.first != state.first } ?? false
        let moments = try Row.fetchOne(
            database, sql: "SELECT max(epoch), min(time), max(id) FROM moment WHERE id >= ?", arguments: [state.first])
        let last: Int = try row?.checkedOptional(0) ?? 0
        // Its own number can be what is damaged.
        let number: Int = try moments?.checkedOptional(0) ?? (isGone ? last + 1 : last)
        // A name that is wrong makes the source another one, and changes nothing.
        let known: Data? = isGone ? nil : try row?.checked(3)
        let name = known.flatMap { try? JSONDecoder().decode(SourceIdentity.self, from: $0) }?.name ?? ""
        // Whatever was purged, nobody has followed it.
        let source = SourceIdentity(
            name: name, marker: state.database, markedMoment: try moments?.checkedOptional(2), purgeSequence: "0")
        for id in try strays(database) + (isGone ? [number] : [number, last]) {
            try database.execute(sql: "DELETE FROM epoch WHERE id = ?", arguments: [id])
        }
        try Ledger.epoch.insert(
            [
                number, state.first, try moments?.checkedOptional(1) as Int64? ?? 0, try JSONEncoder().encode(source),
                "its row was damaged, and made anew of what else is known",
            ], database)
        try Ledger.epoch.tallyAnew(database)
    }

    /// The rows that are damaged, and that no moment names.
    private static func strays(_ database: Database) throws -> [Int] {
        try Row.fetchAll(
            database, sql: "SELECT \(columns) FROM epoch WHERE id NOT IN (SELECT epoch FROM moment)"
        ).filter { (try? Epoch($0)) == nil }.compactMap { try $0.checkedOptional(0) }
    }

    /// Removes the damaged rows of older epochs of which no moment is left, and makes those that are gone missed no more;
    /// returns how many there were.
    ///
    /// What a moment needs stays as it is, to be told by a check. So does all where that can't be known, since the row of a moment
    /// is damaged, or that of the newest epoch, which the next backup makes anew.
    static func settle(_ database: Database) throws -> Int {
        guard try Moment.read(database).damaged.isEmpty, (try? newest(database)) != nil else { return 0 }
        let isMissed = try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM moment WHERE epoch NOT IN (SELECT id FROM epoch))")
        let (gone, damaged) = (try Ledger.epoch.goneRows(database), try strays(database))
        guard isMissed == false, gone + damaged.count > 0 else { return 0 }
        for id in damaged { try database.execute(sql: "DELETE FROM epoch WHERE id = ?", arguments: [id]) }
        try Ledger.epoch.tallyAnew(database)
        return gone + damaged.count
    }

    static func all(_ database: Database) throws -> [Epoch] {
        try Row.fetchAll(database, sql: "SELECT \(columns) FROM epoch ORDER BY id")
            .map(Epoch.init)
    }

    /// All that can be read, oldest first, and the numbers of those whose row is damaged.
    static func read(_ database: Database) throws -> (sound: [Epoch], damaged: [Int]) {
        var (sound, damaged): ([Epoch], [Int]) = ([], [])
        for row in try Row.fetchAll(database, sql: "SELECT \(columns) FROM epoch ORDER BY id") {
            switch Result(catching: { try Epoch(row) }) {
            case .success(let epoch): sound.append(epoch)
            case .failure: damaged.append(try row.checked(0))
            }
        }
        return (sound, damaged)
    }
}
