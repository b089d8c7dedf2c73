import Backup
import CouchDB
import Foundation
import Replication
import Supervision
import Vault

/// One look at all pairs whose target is the vault, and a backup of those that are to have one.
///
/// One database after another: each backup is limited by its source's server.
package struct VaultPass: Sendable {
    /// Which pairs are backed up.
    package enum Scope: Sendable, Hashable {
        /// None: it is a look.
        case none
        /// Those of mode `manage`.
        case managed
        /// All that are not switched off, as somebody asked for.
        case all
    }

    /// How one pair's backup has ended.
    package struct End: Sendable {
        /// The pair; the source's server where its databases could not be listed.
        package var pair: String
        package var result: Result<BackupReport, VaultPairFailure>
    }

    private let configuration: Configuration
    private let servers: [SupervisedServer]
    private let environment: [String: String]?
    private let now: @Sendable () -> Date
    /// Called with the pair's name and each new state of its copying.
    package var onProgress: @Sendable (String, Replication.ReplicationProgress) -> Void = { _, _ in }

    package init(
        _ configuration: Configuration, servers: [SupervisedServer], environment: [String: String]? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.configuration, self.servers) = (configuration, servers)
        (self.environment, self.now) = (environment, now)
    }

    /// Whether there is any such pair.
    package var isNeeded: Bool { configuration.pairs.contains { $0.target == .vault } }

    /// Backs up, and looks.
    ///
    /// - Parameters:
    ///   - last: the last report, for the pairs that there were and since when things are as they are.
    ///   - onEnd: is told of each backup that was made or failed.
    /// - Throws: `CancellationError`, and what `onEnd` throws; everything else is in the reports.
    package func run(
        _ scope: Scope, last: Report?, onEnd: (End) throws -> Void = { _ in }
    ) async throws -> [PairReport] {
        guard isNeeded else { return [] }
        let before = Dictionary((last?.pairs ?? []).map { ($0.pair, $0) }, uniquingKeysWith: { $1 })
        let pairs = VaultPair.select(
            configuration, names: try await names(onEnd: onEnd), servers: servers, remembered: last?.pairs ?? [])
        var reports: [PairReport] = []
        for pair in pairs {
            guard pair.mode != .off else {
                reports.append(Self.off(pair))
                continue
            }
            let isBackedUp = scope == .all || (scope == .managed && pair.mode == .manage)
            let state = try await state(
                of: pair, isBackedUp: isBackedUp, sealsUnchanged: scope == .all, onEnd: onEnd)
            reports.append(state.report(at: now(), before: before[pair.name]))
        }
        return reports
    }

    /// The databases of the sources; in reports a server that does not answer has findings of its own.
    private func names(onEnd: (End) throws -> Void) async throws -> [String: [String]] {
        let sources = Set(configuration.pairs.filter { $0.target == .vault }.map(\.source))
        var names: [String: [String]] = [:]
        for server in servers where sources.contains(server.name) {
            do {
                if let error = server.secretError { throw error }
                names[server.name] = try await ReplicationFailure.Side.source.naming {
                    try await server.connection.databaseNames()
                }
            } catch {
                try Task.checkCancellation()
                try onEnd(End(pair: server.name, result: .failure(VaultPairFailure(error, from: server.name))))
            }
        }
        return names
    }

    private func state(
        of pair: VaultPair, isBackedUp: Bool, sealsUnchanged: Bool, onEnd: (End) throws -> Void
    ) async throws -> VaultState {
        var state = VaultState(pair: pair)
        var visit = VaultVisit(
            pair: pair, vault: configuration.vault ?? VaultConfiguration(), environment: environment, now: now)
        visit.sealsUnchanged = sealsUnchanged
        visit.onProgress = { [onProgress, name = pair.name] in onProgress(name, $0) }
        if isBackedUp {
            let end: End
            do {
                end = End(pair: pair.name, result: .success(try await visit.backUp()))
            } catch let failure as VaultPairFailure {
                end = End(pair: pair.name, result: .failure(failure))
                state.failure = failure
            }
            try onEnd(end)
        }
        do {
            if let newest = try await visit.newestMoment() {
                (state.newest, state.confirmation) = newest
            }
        } catch let failure as VaultPairFailure {
            state.failure = state.failure ?? failure
        }
        // A source that has just failed need not be asked again.
        guard let newest = state.newest, state.failure?.side != .source else { return state }
        do {
            state.pending = try await visit.pending(behind: state.confirmation?.sequence ?? newest.sequence)
        } catch let failure as VaultPairFailure {
            state.unseen = failure
        }
        return state
    }

    private static func off(_ pair: VaultPair) -> PairReport {
        let light = Light(state: .off, since: nil, summary: "the pair is switched off")
        return PairReport(
            pair: pair.name, source: pair.database.url, target: pair.target, mode: .off,
            lights: Lights(replicating: light, verified: light, restorable: light),
            lag: Lag(changes: nil, seconds: nil), findings: [], repairs: [])
    }
}
