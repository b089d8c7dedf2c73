import ArgumentParser
import Backup
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// One side of a comparison as the command line names it: a database's URL, `SERVER/DATABASE`, or `vault:NAME`.
struct ReplicaArgument: Sendable {
    let replica: any ComparableReplica
    /// The name for people.
    let name: String
    /// The moment of a backup that is compared; nil where it has none yet, and of a database on a server.
    private let moment: Moment?
    /// Gives back what was opened.
    let close: @Sendable () async throws -> Void

    /// Opens a side.
    static func open(
        _ text: String, login: LoginOptions, vault: VaultOptions, moment: MomentOptions
    ) async throws -> ReplicaArgument {
        guard let name = VaultPair.backup(of: text) else {
            let database = try await login.database(text, vault)
            return ReplicaArgument(replica: CouchReplica(database), name: database.url, moment: nil) {
                try await database.server.shutdown()
            }
        }
        try BackupName.expectNoURL(name)
        let opened = try await vault.open()
        let backup = try await opened.database(name, isWriting: false, now: Date())
        let replica = moment.at == nil ? backup : try await moment.moment(of: backup)
        let at = replica.moment.map { " at moment #\($0.number)" } ?? ""
        let newest = try await backup.moments().last
        return ReplicaArgument(replica: replica, name: "vault:\(name)\(at)", moment: replica.moment ?? newest) {
            try await backup.close()
        }
    }

    /// The same side at a moment of its backup, which goes on meanwhile; as it is where the backup is at none.
    func at(_ backup: VaultDatabase) -> ReplicaArgument {
        guard let moment = backup.moment else { return self }
        return ReplicaArgument(replica: backup, name: name, moment: moment, close: close)
    }

    /// The position of a database up to which this backup was filled from it; nil where that is not known.
    ///
    /// - Throws: `ReplicationFailure`, `VaultError`, `CancellationError`.
    func filledTo(of database: CouchDatabase?) async throws -> UpdateSequence? {
        guard let database, let moment, let backup = replica as? VaultDatabase else { return nil }
        return try await backup.position(of: moment, in: database)
    }

    /// Opens both sides for a body, and closes what was opened behind it.
    static func withBoth<Result>(
        _ source: String, _ target: String, login: LoginOptions, vault: VaultOptions, moment: MomentOptions,
        _ body: (ReplicaArgument, ReplicaArgument) async throws -> Result
    ) async throws -> Result {
        let left = try await open(source, login: login, vault: vault, moment: moment)
        return try await left.closing {
            let right = try await open(target, login: login, vault: vault, moment: moment)
            return try await right.closing { try await body(left, right) }
        }
    }

    private func closing<Result>(_ body: () async throws -> Result) async throws -> Result {
        let result: Result
        do {
            result = try await body()
        } catch {
            try await close()
            throw error
        }
        try await close()
        return result
    }
}
