import CouchDB
import Replication
import Vault

extension VaultDatabase {
    /// How far a moment has read the feed of a database; nil where that is not known, and where the database is not the one
    /// that the newest moments are of: a position of another one means nothing there, and may be refused.
    ///
    /// - Throws: `ReplicationFailure` where the database can't be asked; `VaultError`, `CancellationError`.
    package func position(of moment: Moment, in database: CouchDatabase) async throws -> UpdateSequence? {
        // Before the source is asked: a backup that goes on meanwhile leaves a newer mark there.
        guard let sequence = moment.sequence, let epoch = try await soundEpoch(), epoch.number == moment.epoch else {
            return nil
        }
        let found = try await ReplicationFailure.Side.source.naming {
            try await SourceMark(database: database, backup: uuid)
                .identity(try await database.info(), isRemembered: epoch.source.marker != nil).identity
        }
        return SourceVerdict(remembered: epoch.source, found: found) == .same ? sequence : nil
    }

    /// The newest epoch; nil where its row is damaged, so that nothing tells which database the backup is of.
    private func soundEpoch() async throws -> Epoch? {
        do {
            return try await newestEpoch()
        } catch let error as VaultError where error.code == .damaged {
            return nil
        }
    }
}
