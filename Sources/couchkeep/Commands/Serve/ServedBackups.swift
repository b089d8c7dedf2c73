import Backup
import Foundation
import ReplicaServer
import Service
import Synchronization
import Vault

/// The backups that are served, of which those asked for last are open: a vault may have a hundred thousand.
///
/// As many as can be open at a time are looked at before the serving begins; further ones beside it.
final class ServedBackups: Sendable {
    /// The names under which they are served, without those that turned out not to be fit for it at the beginning.
    let names: [String]
    private let vault: Vault
    private let choice: ServedBackup.Choice
    private let opened: RecentlyUsed<ServedBackup>
    private let skipped: Mutex<SkippedBackups>
    /// The moment of each whose leaves were added up last.
    private let lookedAt = Mutex<[String: Int]>([:])

    /// Each takes half a megabyte, and twelve open files where it is read by several at a time.
    static let mostOpen = min(64, max(4, (OpenFiles.most - filesOfOthers) / 12))

    /// For connections of clients, and what a process has open besides.
    private static let filesOfOthers = 320

    /// Opens the first ones, and names those on standard error that can't be served.
    ///
    /// - Parameter leavesOut: goes on without those that can't be served, where there are others.
    /// - Throws: what keeps one from being served.
    init(
        _ all: [String], of vault: Vault, _ choice: ServedBackup.Choice, leavesOut: Bool
    ) async throws {
        let opened = RecentlyUsed(limit: Self.mostOpen) { try await ServedBackup($0, of: vault, choice) }
        var usable: [String] = []
        var failed: [(name: String, error: any Error)] = []
        for name in all.prefix(Self.mostOpen) {
            do {
                try await opened[name].tellMoment()
                usable.append(name)
            } catch let error where leavesOut && (error is VaultError || error is RestoreError) {
                failed.append((name, error))
            }
        }
        usable += all.dropFirst(Self.mostOpen)
        if usable.isEmpty, let error = failed.first?.error { throw error }
        var skipped = SkippedBackups()
        for (name, error) in failed { skipped.note(name, error) }
        (names, self.vault, self.choice, self.opened) = (usable, vault, choice, opened)
        self.skipped = Mutex(skipped)
    }

    /// The code for those that could not be served.
    var code: Service.ExitCode { skipped.withLock { $0.code } }

    func database(_ name: String) async throws -> ServedDatabase { try await opened[name].database }

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

    /// Goes on to newer moments while nobody asks too, so that no older one is kept from being pruned, and says once of each
    /// why it is not served, or what of it is lost.
    func follow() async {
        var told: Set<String> = []
        while !Task.isCancelled {
            let began = ContinuousClock.now
            for served in await opened.values where !Task.isCancelled {
                guard let newest = served.newest else { continue }
                do {
                    if let reason = try await newest.passedOver() {
                        let line = "\(served.backup.name): \(reason); an older one is served until another comes"
                        if told.insert(line).inserted { Console.error(line) }
                    }
                } catch {
                    // What fails here fails for the clients too, and is told then.
                    continue
                }
                await tellLoss(of: served)
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
