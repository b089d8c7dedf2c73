import Backup
import CouchDB
import Foundation
import Replication
import Supervision
import Vault

/// One look at all pairs whose target is the vault, and a backup of those that Couchkeep manages.
///
/// One database after another: each backup is limited by its source's server.
package struct VaultPass: Sendable {
    private let configuration: Configuration
    private let connections: [String: ServerConnection]
    private let now: @Sendable () -> Date

    package init(
        _ configuration: Configuration, connections: [String: ServerConnection],
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.configuration, self.connections, self.now) = (configuration, connections, now)
    }

    /// Whether there is any such pair.
    package var isNeeded: Bool { configuration.pairs.contains { $0.target == .vault } }

    /// Looks, and backs up.
    ///
    /// - Parameters:
    ///   - isDryRun: whether nothing is backed up.
    ///   - last: the last report, for since when things are as they are.
    ///   - onReport: is told of each backup that was made.
    /// - Throws: `CancellationError`; everything else is in the reports.
    package func run(
        isDryRun: Bool, last: Report?, onReport: @Sendable (BackupReport) throws -> Void = { _ in }
    ) async throws -> [PairReport] {
        guard isNeeded else { return [] }
        let before = Dictionary((last?.pairs ?? []).map { ($0.pair, $0) }, uniquingKeysWith: { $1 })
        let pairs = VaultPair.select(configuration, names: try await names(), connections: connections)
        var reports: [PairReport] = []
        for pair in pairs {
            guard pair.mode != .off else {
                reports.append(Self.off(pair))
                continue
            }
            let state = try await state(of: pair, isDryRun: isDryRun, onReport: onReport)
            reports.append(state.report(at: now(), before: before[pair.name]))
        }
        return reports
    }

    /// The databases of the sources; a server that does not answer is told of by its own findings.
    private func names() async throws -> [String: [String]] {
        var names: [String: [String]] = [:]
        for server in Set(configuration.pairs.filter { $0.target == .vault }.map(\.source)) {
            guard let connection = connections[server] else { continue }
            do {
                names[server] = try await connection.databaseNames()
            } catch is CouchError {
                continue
            }
        }
        return names
    }

    private func state(
        of pair: VaultPair, isDryRun: Bool, onReport: @Sendable (BackupReport) throws -> Void
    ) async throws -> VaultState {
        var state = VaultState(pair: pair)
        do {
            let backsUp = pair.mode == .manage && !isDryRun
            let path = (configuration.vault ?? VaultConfiguration()).path
            guard backsUp || FileManager.default.fileExists(atPath: path) else { return state }
            let vault = try await Vault(at: path, create: backsUp, now: now())
            if backsUp { try await backUp(pair, in: vault, &state, onReport: onReport) }
            guard try await vault.entries().contains(where: { $0.name == pair.name }) else { return state }
            let backup = try await vault.database(pair.name, isWriting: false, now: now())
            state.newest = try await backup.moments().last
            try await backup.close()
            if let sequence = state.newest?.sequence, state.failure == nil {
                state.pending = try await pair.database.changesPending(since: sequence)
            }
        } catch let error as VaultError {
            state.failure = .init(text: "\(error)", cause: nil)
        } catch let error as CouchError {
            state.failure = state.failure ?? failure(error, pair)
        }
        return state
    }

    private func backUp(
        _ pair: VaultPair, in vault: Vault, _ state: inout VaultState,
        onReport: @Sendable (BackupReport) throws -> Void
    ) async throws {
        let backup = try await vault.database(pair.name, isWriting: true, create: true, now: now())
        do {
            let report = try await BackupRun(of: pair.database, into: backup, now: now).run()
            state.copied = report.replication.counts.revisionsStored
            try onReport(report)
        } catch let error as ReplicationFailure {
            if let error = error.underlying as? CouchError {
                state.failure = failure(error, pair)
            } else {
                state.failure = .init(text: "\(error.underlying)", cause: nil)
            }
        }
        try await backup.close()
    }

    private func failure(_ error: CouchError, _ pair: VaultPair) -> VaultState.Failure {
        let cause: String? =
            switch error.code {
            case .unreachable, .nameNotResolved, .timeout: ServerUnreachable.name
            case .unauthorized: CredentialsRejected.name
            default: nil
            }
        return .init(
            text: "\(error)", cause: cause.map { Finding.fingerprint(rule: $0, subject: pair.source.server) })
    }

    private static func off(_ pair: VaultPair) -> PairReport {
        let light = Light(state: .off, since: nil, summary: "the pair is switched off")
        return PairReport(
            pair: pair.name, source: pair.database.url, target: "vault:\(pair.name)", mode: .off,
            lights: Lights(replicating: light, verified: light, restorable: light),
            lag: Lag(changes: nil, seconds: nil), findings: [], repairs: [])
    }
}
