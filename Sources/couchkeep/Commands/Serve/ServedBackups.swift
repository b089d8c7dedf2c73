import Backup
import CouchDB
import Foundation
import ReplicaServer
import Service
import Synchronization
import Vault

/// The backups that are served, of which those asked for last are open: a vault may have a hundred thousand.
///
/// As many as can be open at a time are looked at before the serving begins; further ones beside it.
final class ServedBackups: Sendable {
    /// How many are served at the beginning.
    var count: Int { names.count }
    /// Those that are served from the beginning: without what turned out not to be fit for it.
    private let names: [String]
    /// Whether those are served too that are made later, or mended.
    private let isAll: Bool
    private let vault: Vault
    private let choice: ServedBackup.Choice
    private let opened: RecentlyUsed<ServedBackup>
    private let skipped: Mutex<SkippedBackups>
    /// The moment of each whose leaves were added up last.
    private let lookedAt = Mutex<[String: Int]>([:])

    /// Each takes half a megabyte, and twelve open files where it is read by several at a time.
    static let mostOpen = min(64, max(4, (OpenFiles.most - filesOfOthers - mostConnections) / 12))

    /// As many as CouchDB takes, where there are files for them.
    static let mostConnections = min(2048, max(8, (OpenFiles.most - filesOfOthers - 4 * 12) / 4))

    /// What a process has open besides.
    private static let filesOfOthers = 64

    /// Opens the first ones, and names those on standard error that can't be served.
    ///
    /// - Parameters:
    ///   - wanted: the ones to serve. Without any all are, also those that come later, and where there are others it goes on
    ///     without those that can't be.
    /// - Throws: what keeps one from being served.
    init(_ wanted: [String], of vault: Vault, _ choice: ServedBackup.Choice) async throws {
        let entries = try await vault.entries(only: wanted)
        guard !entries.isEmpty else {
            throw VaultError(
                .unknownDatabase, "the vault has no backup yet", at: vault.path, next: "run couchkeep backup")
        }
        isAll = wanted.isEmpty
        let opened = RecentlyUsed(limit: Self.mostOpen) { try await ServedBackup($0, of: vault, choice) }
        var usable: [String] = []
        var failed: [(name: String, error: any Error)] = []
        for name in entries.prefix(Self.mostOpen).map(\.name) {
            do {
                try await opened[name].tellMoment()
                usable.append(name)
            } catch let error where isAll && (error is VaultError || error is RestoreError) {
                failed.append((name, error))
            }
        }
        usable += entries.dropFirst(Self.mostOpen).map(\.name)
        if usable.isEmpty, let error = failed.first?.error { throw error }
        var skipped = SkippedBackups()
        for (name, error) in failed { skipped.note(name, error) }
        (names, self.vault, self.choice, self.opened) = (usable, vault, choice, opened)
        self.skipped = Mutex(skipped)
    }

    /// The code for those that could not be served.
    var code: Service.ExitCode { skipped.withLock { $0.code } }

    /// What clients can ask for now.
    var databases: ServedDatabases {
        ServedDatabases(names: { try await self.listed() }, open: { try await self.database($0) })
    }

    private func listed() async throws -> [String] {
        guard isAll else { return names }
        let unfit = Set(skipped.withLock { $0.names })
        return try await vault.entries().map(\.name).filter { !unfit.contains($0) }
    }

    private func database(_ name: String) async throws -> ServedDatabase? {
        guard isAll || names.contains(name) else { return nil }
        do {
            let served = try await opened[name]
            // It may have got its first moment since, or have been mended.
            skipped.withLock { $0.forget(name) }
            return served.database
        } catch let error as VaultError where error.code == .unknownDatabase {
            return nil
        }
    }

    /// Says once of each what is lost of it, and of those that were not looked at yet why they can't be served.
    func tellLosses() async {
        let first = Set(await opened.values.map(\.backup.name))
        for name in names where !Task.isCancelled {
            do {
                if first.contains(name) {
                    try await tellLoss(of: opened[name])
                } else {
                    try await tellAll(of: name)
                }
            } catch is CancellationError {
                return
            } catch {
                skipped.withLock { $0.note(name, error) }
            }
        }
    }

    private func tellAll(of name: String) async throws {
        let served = try await ServedBackup(name, of: vault, choice)
        try await served.tellMoment()
        await tellLoss(of: served)
        try await served.backup.close()
    }

    /// Says what is lost of what is served of a backup now, once of each moment.
    private func tellLoss(of served: ServedBackup) async {
        do {
            let state = try await served.state()
            let moment = state.moment?.number ?? 0
            let before = lookedAt.withLock { $0.updateValue(moment, forKey: served.backup.name) }
            if before != moment { await served.tellLoss(of: state) }
        } catch is CancellationError {
            return
        } catch {
            served.tell(error)
        }
    }

    /// Looks at what is open while nobody asks too: goes on to newer moments, so that no older one is kept from being
    /// pruned, says once of each why it is not served, or what of it is lost, and tries again what was left out.
    func follow() async {
        var told: Set<String> = []
        while !Task.isCancelled {
            let began = ContinuousClock.now
            for served in await opened.values where !Task.isCancelled {
                do {
                    if let reason = try await served.passedOver() {
                        let line = "\(served.backup.name): \(reason); an older one is served until another comes"
                        if told.insert(line).inserted { Console.error(line) }
                    }
                } catch let error as VaultError where error.code == .locked {
                    // It may only be read from here, and was written to: it is opened anew for who asks next.
                    await opened.drop(served.backup.name)
                    continue
                } catch {
                    // What fails here fails for the clients too, and is told then.
                    continue
                }
                await tellLoss(of: served)
            }
            // What was left out may have got its first moment since, or have been mended.
            for name in skipped.withLock({ $0.names }) where isAll && !Task.isCancelled {
                _ = try? await database(name)
            }
            // Ends with the serving. All leaves of a large backup are not read all the time, however often it has a new moment.
            try? await Task.sleep(for: max(.seconds(5), began.duration(to: .now) * 4))
        }
    }

    /// Closes what is open, when nobody is served any more.
    func close() async throws {
        for served in await opened.values { try await served.backup.close() }
    }
}
