import CouchDB
import Vault

/// The `_local` document that a backup leaves in its source, by which a later run knows the source again.
///
/// It says which backup of which vault has read this database, and up to which moment. A database that was created anew
/// has none, and one that was put back from a copy of its files has an older one.
struct SourceMark: Sendable {
    let database: CouchDatabase
    /// The uuid of the backup.
    let backup: String

    /// The mark's name behind `_local/`.
    var id: String { Self.prefix + backup }

    /// How the ids of all marks begin, without `_local/`.
    static let prefix = "couchkeep-backup-"

    /// What the source says of itself now, and the revision of the mark that tells it.
    ///
    /// - Parameter isRemembered: whether one is known to have been left: then a proxy that keeps it back has to be told, since
    ///   without it the source would look like another one.
    /// - Throws: `CouchError`; a mark that may not be read is no error otherwise.
    func identity(
        _ info: DatabaseInfo, isRemembered: Bool
    ) async throws -> (identity: SourceIdentity, revision: JSONValue?) {
        let found = try await read(isRemembered: isRemembered)
        let identity = SourceIdentity(
            name: database.url, marker: found?["backup"]?.string, markedMoment: found?["moment"]?.integer,
            instanceStartTime: info.identity, purgeSequence: info.purgeSequence?.parameter)
        return (identity, found?["_rev"])
    }

    /// Leaves the mark; false where the account may not write to the source.
    ///
    /// Where not enough copies of its shard take it, that is an error: those that didn't go on to tell an older one.
    ///
    /// - Parameters:
    ///   - revision: of the mark that is replaced, as it was read; one that is no more is looked up.
    ///   - isRemembered: whether one is known to have been left: then it is an error too where a proxy does not let the next one
    ///     through.
    func leave(moment: Int, over revision: JSONValue?, isRemembered: Bool) async throws -> Bool {
        func put(over revision: JSONValue?) async throws {
            var members: [String: JSONValue] = [
                "backup": .string(backup), "moment": .integer(Int64(moment)),
                "about": "left by couchkeep backup, to know this database again",
            ]
            members["_rev"] = revision
            _ = try await database.putLocalDocument(id, members: members, needsQuorum: true)
        }
        do {
            do {
                try await put(over: revision)
            } catch let error as CouchError where error.code == .conflict {
                try await put(over: try await read(isRemembered: false)?["_rev"])
            }
            return true
        } catch let error as CouchError where isRemembered ? error.isRejection : error.isRefusal {
            return false
        }
    }

    private func read(isRemembered: Bool) async throws -> JSONValue? {
        do {
            return try await database.localDocument(id)
        } catch let error as CouchError where isRemembered ? error.isRejection : error.isRefusal {
            return nil
        }
    }
}
