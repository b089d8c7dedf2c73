import GRDB

extension Vault {
    /// Whether the file is the one that the catalogue knows, and not an older copy of it.
    ///
    /// Of the moments only the one is needed that the catalogue knows.
    ///
    /// - Returns: the newest moment that can be read.
    static func check(
        _ database: Database, against entry: Entry, vault: String, path: String
    ) throws -> Moment? {
        let witness = try Witness(entry, database)
        do {
            let state = try StateRow(database)
            guard state.vault == vault, state.database == entry.uuid else {
                throw VaultError(
                    .otherDatabase, "the file belongs to another vault or another backup, “\(state.name)”", at: path,
                    next: "put the right file back")
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT && witness.isSame {
            // The moment's hash tells as well whose file it is.
        }
        guard !witness.isOlder else {
            throw VaultError(
                .damaged,
                "the file is older than the catalogue, which knows of moment \(entry.newestMoment); the file's newest is "
                    + "\(witness.newest)", at: path,
                next: "put the newer file back from a copy, or go on with this one: "
                    + "couchkeep vault rebuild --accept-older")
        }
        return witness.moment
    }
}

/// What a backup's file has of the moment that the catalogue knows as its newest.
struct Witness {
    /// The newest moment that can be read.
    let moment: Moment?
    /// The number of the newest moment, which may be damaged.
    let newest: Int
    /// Whether the catalogue's moment is there, to the last bit.
    let isSame: Bool
    /// Whether the file lacks something that the catalogue has seen in it.
    let isOlder: Bool

    init(_ entry: Vault.Entry, _ database: Database) throws {
        let (moments, damaged) = try Moment.read(database)
        moment = moments.last
        newest = max(moments.last?.number ?? 0, damaged.last ?? 0)
        guard entry.newestMoment > 0,
            let row = try Row.fetchOne(
                database, sql: "SELECT \(Moment.columns) FROM moment WHERE id = ?", arguments: [entry.newestMoment])
        else {
            // A prune may have dropped it, which keeps the newest one.
            (isSame, isOlder) = (false, newest < entry.newestMoment)
            return
        }
        let values = (0..<11).map { row[$0] as DatabaseValue }
        let hashes = [row[11] as DatabaseValue, Ledger.moment.hash(values).databaseValue]
        isSame = hashes.contains(entry.witness.databaseValue)
        // A kill may have come between the note that it was verified and the catalogue's.
        let isVerifiedSince = moment?.number == entry.newestMoment && moment?.verified != nil
        isOlder =
            !isSame && newest == entry.newestMoment && !damaged.contains(entry.newestMoment) && !isVerifiedSince
    }
}
