import CouchDB
import Foundation
import GRDB
import Replication

/// The backup of one database: what it is now, or what it was at a moment and then can't be changed.
///
/// Values are cheap and share one open file, which is closed with the last of them.
package struct VaultDatabase: Sendable {
    let file: VaultFile
    /// The name of the backup in its vault.
    package let name: String
    /// The uuid of the backup, and so of its mark in the source.
    package let uuid: String
    /// The moment whose state this is; nil for now.
    package let moment: Moment?
    /// Tells the catalogue about a new moment.
    let witness: @Sendable (Moment) async throws -> Void
    /// The vault's uuid.
    let vault: String
    /// nil for now, which changes.
    private(set) var listed: ListedRows?
    /// Keeps a pruning from dropping the moment; nil for now, and for who writes: nobody else prunes meanwhile.
    private(set) var reading: ReadingLock?

    /// The state at a moment, which no other process prunes from the first reading on while the value is there.
    package func at(_ moment: Moment) -> VaultDatabase {
        VaultDatabase(
            file: file, name: name, uuid: uuid, moment: moment, witness: witness, vault: vault,
            listed: ListedRows(),
            reading: file.writer == nil ? ReadingLock(folder: file.folder, moment: moment.number) : nil)
    }

    /// Keeps the moment from being pruned from now on, as the first reading does by itself.
    ///
    /// - Throws: `VaultError` with code `vault-unknown-moment` where it was pruned already.
    package func hold() async throws { _ = try await file.read { try horizon($0) } }

    /// The state at the newest moment that is not later than a time.
    ///
    /// - Throws: `VaultError` with code `vault-unknown-moment` where the first one is later, with `vault-damaged` where one
    ///   that can't be read may be the one.
    package func at(_ time: Date) async throws -> VaultDatabase {
        let (moments, damaged) = try await allMoments()
        let found = moments.last { $0.time <= time }
        let next = moments.first { $0.time > time && $0.number > found?.number ?? 0 }
        let possible = damaged.filter { $0 > found?.number ?? 0 && $0 < next?.number ?? .max }
        guard possible.isEmpty else { throw damage(of: possible, older: found) }
        guard let moment = found else {
            let first =
                moments.map(\.time).min().map { "the first is \($0.formatted(.iso8601))" } ?? "there is none yet"
            throw VaultError(
                .unknownMoment, "no moment is as early as \(time.formatted(.iso8601)); \(first)", at: name)
        }
        return at(moment)
    }

    /// Folds SQLite's log into the file and closes it; a cancelled task does it too.
    package func close() async throws { try await ObjectFolder.finishOnThread { try file.close() } }

    func horizon(_ database: Database) throws -> Horizon {
        guard let moment else { return Horizon(first: try StateRow(database).first, moment: nil) }
        // First: what is read behind it stays.
        reading?.take()
        return try Self.horizon(of: moment.number, database)
    }

    static func horizon(of moment: Int, _ database: Database) throws -> Horizon {
        let statement = try database.cachedStatement(
            sql: "SELECT e.first FROM moment m JOIN epoch e ON e.id = m.epoch WHERE m.id = ?")
        guard let first = try Int.fetchOne(statement, arguments: [moment]) else {
            if try Int.fetchOne(database, sql: "SELECT id FROM moment WHERE id = ?", arguments: [moment]) != nil {
                throw VaultError(.damaged, "the row of its epoch is gone", at: "moment \(moment)")
            }
            throw VaultError(.unknownMoment, "the moment \(moment) is not in the vault", at: "moment \(moment)")
        }
        return Horizon(first: first, moment: moment)
    }

    func writable() throws {
        guard moment == nil else {
            throw VaultError(
                .readOnly, "the past can't be changed", at: name, next: "write to the database as it is now")
        }
    }
}
