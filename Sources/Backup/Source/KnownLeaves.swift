import Replication
import Vault

/// Asks a source whether it still knows what a backup has read of it.
struct KnownLeaves: Sendable {
    let source: CouchReplica
    let backup: VaultDatabase

    /// Asks for the leaves that were stored behind a moment; nil for that of the last mark.
    ///
    /// - Returns: Whether some are in no moment yet, and whether the source has lost one.
    /// - Throws: `ReplicationFailure` of the source; `VaultError`.
    func ask(behind moment: Int? = nil) async throws -> (isCutOff: Bool, isLost: Bool) {
        var isLost = false
        let isCutOff = try await backup.unmarked(behind: moment) { documents in
            guard !isLost else { return }
            isLost = try await ReplicationFailure.Side.source.naming {
                // What one copy of a shard lacks others may have.
                let missing = try await source.missing(documents.filter { !$0.revisions.isEmpty })
                return try await !source.missingEverywhere(missing).isEmpty
            }
        }
        return (isCutOff, isLost)
    }

    /// What a source says of itself; with the mark that is remembered in the place of an older one, or of none, where that is
    /// all that speaks against it and nothing is lost that was read behind that mark.
    ///
    /// No node brings the mark to another one: where a shard has several copies, each may have an older one, or none. In a
    /// shard of one copy such a mark proves that its file was put back.
    ///
    /// - Parameter settings: as the source has told them now.
    func believed(
        _ found: SourceIdentity, _ settings: SourceSettings, remembered: SourceIdentity
    ) async throws -> SourceIdentity {
        guard let copies = settings.n, copies > 1, found.hasOnlyStaleMark(since: remembered), try backup.isReadable
        else {
            return found
        }
        // A source that went back may have lost nothing else. What could not be read tells nothing.
        let stored = try await backup.sourceSettings()
        guard Self.mayBeSame(stored.security, settings.security),
            Self.mayBeSame(stored.revisionsLimit, settings.revisionsLimit)
        else { return found }
        let marked = found.marker == nil ? nil : found.markedMoment
        guard try await !ask(behind: marked ?? 0).isLost else { return found }
        var believed = found
        (believed.marker, believed.markedMoment) = (remembered.marker, remembered.markedMoment)
        return believed
    }

    private static func mayBeSame<Value: Equatable>(_ stored: Value?, _ read: Value?) -> Bool {
        stored == nil || read == nil || stored == read
    }
}
