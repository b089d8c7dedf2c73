import CouchDB
import Vault

/// What is found where a restore is to go.
enum RestoreTarget: Sendable, Hashable {
    case absent
    case empty
    /// The same restore was begun and not finished; into a database that had no documents then, as far as is known.
    case begun(wasEmpty: Bool)
    /// Another restore was begun, or this one came to an end at which not all was as it had been.
    case otherRestore(RestoreMark)
    case notEmpty(documents: Int)
    /// The database that was backed up.
    case source

    /// Looks at the target.
    ///
    /// - Parameter source: the identity of the database that was backed up, which it also has where no mark may be left.
    static func look(
        at database: CouchDatabase, for mark: RestoreMark, source: SourceIdentity?
    ) async throws -> RestoreTarget {
        guard try await database.exists() else { return .absent }
        if try await database.localDocument(SourceMark.prefix + mark.backup) != nil { return .source }
        if let found = try await RestoreMark.read(database) {
            // Behind its end the target may have gone on living.
            return found.isSameRestore(as: mark) && !found.hasEnded
                ? .begun(wasEmpty: found.wasEmpty) : .otherRestore(found)
        }
        let info = try await database.info()
        let documents = info.documentCount + info.deletedCount
        guard documents > 0, try await !isFresh(database, info) else { return .empty }
        if let source, source.name == database.url {
            if info.identity == nil || source.instanceStartTime == nil || info.identity == source.instanceStartTime {
                return .source
            }
        }
        return .notEmpty(documents: documents)
    }

    /// Whether a database of accounts has nothing but what CouchDB puts there by itself
    /// (`couch_auth_cache:ensure_users_db_exists/0`).
    private static func isFresh(_ database: CouchDatabase, _ info: DatabaseInfo) async throws -> Bool {
        guard SystemDatabase.isUsers(database.name), (info.documentCount, info.deletedCount) == (1, 0) else {
            return false
        }
        return try await database.document(DatabaseNames.usersDesign) != nil
    }
}
