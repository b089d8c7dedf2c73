import Backup
import Foundation
import ReplicaServer
import Replication
import Vault

/// A backup that is open to be served.
struct ServedBackup: Sendable {
    let backup: VaultDatabase
    let database: ServedDatabase
    /// What is served of it now.
    let state: @Sendable () async throws -> VaultDatabase
    /// What goes on to newer moments; nil where one was named.
    let newest: NewestMoment?

    /// What of a backup is served.
    struct Choice: Sendable {
        /// Gives the backup as of the moment that was named, else of its newest one.
        var moment: @Sendable (VaultDatabase) async throws -> VaultDatabase
        /// Whether newer moments are served as they come.
        var isFollowing: Bool
        var acceptsIncomplete: Bool
    }

    /// Opens a backup.
    ///
    /// - Throws: `VaultError`; `RestoreError` where the moment is not complete and is not to be served then.
    init(_ name: String, of vault: Vault, _ choice: Choice) async throws {
        backup = try await vault.database(name, isWriting: false, now: Date())
        try backup.expectReadable()
        let chosen = try await choice.moment(backup)
        try Self.expectComplete(chosen, acceptsIncomplete: choice.acceptsIncomplete)
        if choice.isFollowing {
            let newest = NewestMoment(of: backup, acceptsIncomplete: choice.acceptsIncomplete)
            self.newest = newest
            state = { try await newest.state() }
            database = Self.served(name, newest, state) { try await newest.instanceStartTime() }
        } else {
            try await chosen.hold()
            newest = nil
            state = { chosen }
            database = Self.served(name, chosen, state) { try await chosen.instanceStartTime() }
        }
    }

    private static func expectComplete(_ state: VaultDatabase, acceptsIncomplete: Bool) throws {
        guard !acceptsIncomplete, let moment = state.moment, let lacking = moment.lacking else { return }
        throw RestoreError(
            .incompleteMoment, "moment \(moment.number) is not complete: \(lacking)",
            next: "choose another moment, or say --incomplete to serve what there is")
    }

    /// What is served under a name.
    ///
    /// - Parameter start: another epoch or moment is another state, which clients must not take for the one that they know.
    private static func served(
        _ name: String, _ replica: any ServableReplica, _ state: @escaping @Sendable () async throws -> VaultDatabase,
        _ start: @escaping @Sendable () async throws -> String
    ) -> ServedDatabase {
        ServedDatabase(
            name: name, replica: replica, instanceStartTime: start,
            layout: {
                let settings = try await state().sourceSettings()
                return DatabaseLayout(isPartitioned: settings.isPartitioned ?? false, shards: settings.q)
            },
            onDamage: { refusal in
                let revision = refusal.revision.map { "\($0) of " } ?? ""
                Console.error("\(name): \(revision)“\(refusal.id)” can't be handed out: \(refusal.reason)")
            })
    }

    /// Why the newest moment is not served, where it would be; nil where it is. Goes on to it too.
    ///
    /// - Throws: what keeps the backup from being read.
    func passedOver() async throws -> String? {
        guard let newest else {
            _ = try await backup.newestMoment()
            return nil
        }
        return try await newest.passedOver()
    }

    /// Says on standard error which moment is served where one was named, and what it lacks.
    func tellMoment() async throws {
        guard let moment = try await state().moment else { return }
        if newest == nil {
            Console.error("\(backup.name): moment #\(moment.number) of \(moment.time.formatted(.iso8601))")
        }
        if let lacking = moment.lacking {
            Console.error("\(backup.name): moment #\(moment.number) is not complete: \(lacking)")
        }
    }

    /// Says what of a state is lost: clients only see that it is not there. Reads all leaves.
    func tellLoss(of state: VaultDatabase) async {
        do {
            guard let loss = try await state.lossOfLeaves() else { return }
            Console.error("\(backup.name): DAMAGED: \(loss); what is left is served")
        } catch is CancellationError {
            return
        } catch {
            tell(error)
        }
    }

    /// Says what keeps it from being looked at.
    func tell(_ error: any Error) { Console.error("\(backup.name): \(error)") }
}
