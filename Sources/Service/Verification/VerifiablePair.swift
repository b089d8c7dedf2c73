import CouchDB
import Foundation
import Secrets
import Supervision

/// A pair of the configuration that can be verified: a source database, and its backup on a server or in the vault.
package struct VerifiablePair: Sendable {
    /// Where the backup is.
    package enum Backup: Sendable {
        case database(CouchDatabase)
        /// The name of the backup in the vault.
        case vault(String)

        /// The database on a server; nil for one in the vault.
        var database: CouchDatabase? {
            if case .database(let database) = self { database } else { nil }
        }
    }

    package var name: String
    package var mode: Pair.Mode
    package var source: CouchDatabase
    package var backup: Backup
    /// The names of the servers that it needs, the source's first.
    package var servers: [String]
    /// The id of the checkpoints of the replication between the two databases, where it is known.
    package var checkpointID: String?
    /// As whom the replication writes into the backup, where that is configured.
    package var replicationUser: String?
    /// The replication document that the last check saw to copy only a part, on the server that runs it.
    package var partialReplication: (replicator: CouchDatabase, document: String)?
    /// Whether both sides are to have the same `_security`.
    package var comparesSecurity = true
    /// Why a secret of its servers can't be had.
    package var secretError: SecretError?

    /// The backup, as reports name it.
    package var target: String {
        switch backup {
        case .database(let database): database.url
        case .vault(let name): VaultPair.targetPrefix + name
        }
    }

    /// What its verifications are known by.
    package var key: String { VerificationRecord.key(source: source.url, target: target) }

    package var isInVault: Bool {
        if case .vault = backup { return true }
        return false
    }
}
