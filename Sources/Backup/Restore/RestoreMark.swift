import CouchDB
import Replication
import Vault

/// The `_local` document of a target into which a restore is under way: what it is, so that the same restore can be taken
/// up again after a kill, and no other one mixes with it.
struct RestoreMark: Sendable, Hashable {
    /// The uuid of the backup.
    var backup: String
    var moment: Int
    /// Which documents, as ``RestoreSelection/name``.
    var selection: String
    /// Whether documents of the target are changed; such a restore is only taken up by one that may do the same.
    var intoExisting: Bool
    /// Whether a run came to its end and the target was not equal then: what lives there now is changed only where that is
    /// asked for.
    var hasEnded = false
    /// Whether the target was made for the restore, or had no documents, when it began: what is there since is its own. Marks
    /// that do not say so are of an older couchkeep.
    var wasEmpty = false

    static let id = "couchkeep-restore"

    /// The checkpoint's name of this restore.
    var checkpointID: String {
        "restore-\(backup)-\(moment)-\(selection.replacing(" ", with: "-"))"
    }

    /// The mark of a restore with these options.
    init(of backup: VaultDatabase, at moment: Int, _ options: RestoreOptions) {
        (self.backup, self.moment) = (backup.uuid, moment)
        (selection, intoExisting) = (options.selection.name, options.intoExisting)
    }

    private init(_ document: JSONValue) {
        (backup, moment) = (document["backup"]?.string ?? "", document["moment"]?.integer ?? 0)
        selection = document["selection"]?.string ?? ""
        intoExisting = document["into_existing"]?.bool ?? false
        hasEnded = document["ended"]?.bool ?? false
        wasEmpty = document["was_empty"]?.bool ?? false
    }

    /// Whether both are of the same restore, however far it is.
    func isSameRestore(as other: RestoreMark) -> Bool {
        var other = other
        (other.hasEnded, other.wasEmpty) = (hasEnded, wasEmpty)
        return self == other
    }

    /// The mark in a database; nil where there is none.
    static func read(_ database: CouchDatabase) async throws -> RestoreMark? {
        try await database.localDocument(id).map { RestoreMark($0) }
    }

    /// Leaves the mark, in the place of an older one.
    func leave(in database: CouchDatabase) async throws {
        var members: [String: JSONValue] = [
            "backup": .string(backup), "moment": .integer(Int64(moment)), "selection": .string(selection),
            "into_existing": .bool(intoExisting), "ended": .bool(hasEnded),
            "was_empty": .bool(wasEmpty),
            "about": hasEnded
                ? "a restore by couchkeep could not make all as it was"
                : "a restore by couchkeep is under way; run it again to go on",
        ]
        members["_rev"] = try await database.localDocument(Self.id)?["_rev"]
        _ = try await database.putLocalDocument(Self.id, members: members)
    }

    /// Takes the checkpoint away from a target whose documents were all written or refused: the next run is to see what
    /// became of them since.
    static func removeCheckpoint(_ id: String, from database: CouchDatabase) async throws {
        try await remove(CouchReplica.localID(id), from: database)
    }

    /// Takes the mark away, which says nothing any more.
    func remove(from database: CouchDatabase) async throws { try await Self.remove(Self.id, from: database) }

    private static func remove(_ id: String, from database: CouchDatabase) async throws {
        guard let revision = try await database.localDocument(id)?["_rev"]?.string else { return }
        try await database.deleteLocalDocument(id, revision: revision)
    }
}
