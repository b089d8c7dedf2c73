import Backup
import CouchDB
import Foundation
import Replication
import Supervision
import Vault

/// Looks at all pairs whose target is the vault, and backs them up.
///
/// A few at a time, since a small one is mostly waited for; one with much to copy alone, which its source's server limits.
package struct VaultPass: Sendable {
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
    private let turns = Turns(Self.atOnce)
    /// Called with the pair's name and each new state of its copying.
    package var onProgress: @Sendable (String, Replication.ReplicationProgress) -> Void = { _, _ in }
    /// Called with the name of each pair that is not backed up, since a pattern made it of a database that is gone.
    package var onGone: @Sendable (String) -> Void = { _ in }

    package init(
        _ configuration: Configuration, servers: [SupervisedServer], environment: [String: String]? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.configuration, self.servers) = (configuration, servers)
        (self.environment, self.now) = (environment, now)
    }

    private static let atOnce = 4

    /// Whether there is any such pair.
    package var isNeeded: Bool { configuration.usesVault }

    /// Backs up all pairs that are not switched off, as somebody asked for.
    ///
    /// - Parameters:
    ///   - last: the last report, for the names that backups have.
    ///   - onEnd: is told of each backup that was made or failed.
    /// - Throws: `CancellationError`, and what `onEnd` throws.
    package func backUpAll(last: Report?, onEnd: (End) throws -> Void) async throws {
        let (names, failures) = try await names()
        for (server, failure) in failures.sorted(by: { $0.key < $1.key }) {
            try onEnd(End(pair: server, result: .failure(failure)))
        }
        let pairs = try await VaultPair.select(
            configuration, names: names, servers: servers, remembered: last?.pairs ?? [], onlyPresent: true)
        for rival in VaultPair.leftOut(configuration, names: names, servers: servers, besides: pairs) {
            try onEnd(End(pair: rival.source.database, result: .failure(VaultPairFailure(leftOut: rival))))
        }
        let remembered = last?.pairs ?? []
        for pair in VaultPair.gone(
            configuration, names: names, servers: servers, remembered: remembered, besides: pairs)
        {
            onGone(pair.name)
        }
        let sources = AskedSources()
        try await pairs.filter { $0.mode != .off }.concurrentForEach(atMost: Self.atOnce) { pair in
            do {
                return End(
                    pair: pair.name,
                    result: .success(try await backUp(pair, sealsUnchanged: true, asking: sources).report))
            } catch let failure as VaultPairFailure {
                return End(pair: pair.name, result: .failure(failure))
            }
        } receive: { end in
            try onEnd(end)
            return true
        }
    }

    /// The pairs; in reports a server that does not answer has findings of its own.
    ///
    /// - Parameter last: the last report, for the pairs that there were.
    func pairs(last: Report?) async throws -> [VaultPair] {
        guard isNeeded else { return [] }
        return try await VaultPair.select(
            configuration, names: try await names().listed, servers: servers, remembered: last?.pairs ?? [])
    }

    /// What a look at all pairs leaves.
    struct Looks: Sendable {
        var reports: [PairReport] = []
        /// What is to be remembered, by the pairs' targets.
        var memories: [String: VaultMemory] = [:]
        /// The pairs that are to be backed up next.
        var due: [VaultPair] = []
        /// The backups that a dry run leaves out, by the pairs' keys.
        var planned: [String: [RepairRecord]] = [:]
    }

    /// Looks at the pairs.
    ///
    /// - Parameters:
    ///   - last: the last report, for since when things are as they are.
    ///   - memories: what is remembered of them, by their targets.
    ///   - sources: what the pass has found of the servers.
    ///   - isFollowed: whether pairs of mode `manage` are backed up next.
    func look(
        at pairs: [VaultPair], last: Report?, memories: [String: VaultMemory], sources: [ServerReport],
        isFollowed: Bool
    ) async throws -> Looks {
        let before = Dictionary((last?.pairs ?? []).map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        let onlyWrites = try await onlyWrites
        let gone = try await gone(sources, of: pairs)
        let found = Dictionary(sources.map { ($0.name, $0.findings) }, uniquingKeysWith: { $1 })
        let seen = try await pairs.concurrentMap(atMost: Self.atOnce) { pair -> Seen? in
            guard pair.mode != .off else { return nil }
            return try await look(
                at: pair, after: memories[pair.target]?.source.sourceCounts,
                quiet: isFollowed ? memories[pair.target]?.quiet : nil,
                asksNodes: found[pair.source.server]?.contains { $0.rule == ClusterNodesAway.name } ?? false,
                onlyWrites: onlyWrites, unlessGone: gone[pair.source.server])
        }
        var looks = Looks()
        for (pair, seen) in zip(pairs, seen) {
            guard case (var state, let source, let away)? = seen else {
                looks.reports.append(Self.off(pair))
                continue
            }
            var memory = memories[pair.target] ?? VaultMemory()
            let known = memory.backup
            memory.advance(state.backup, at: state.at)
            let rules = VaultSource(
                pair: pair, observation: source, nodesAway: away, at: state.at,
                serverFindings: found[pair.source.server] ?? [])
            state.standing = rules.diagnose(&memory.source)
            let before = before[pair.key]
            state.stand(
                memory.noteEpoch(state.backup, since: known, at: state.at), memory.lost(at: state.at),
                memory.damaged(state.backup, since: before?.since(BackupDamaged.name), at: state.at))
            (state.pairSince, state.newestSince) = (memory.source.firstSeen, memory.backupSince)
            if !state.isQuiet { memory.quiet = nil }
            looks.memories[pair.target] = memory
            // What is not there can't be backed up.
            if pair.mode == .manage, !state.isQuiet, source != .missing {
                if !isFollowed {
                    looks.planned[pair.key] = state.planned(isLossKnown: memory.knowsLoss).map { [$0] }
                } else if let failure = gone[pair.source.server] {
                    state.note(failure)
                } else {
                    state.awaited = .own
                    var due = pair
                    due.isLossKnown = memory.knowsLoss
                    looks.due.append(due)
                }
            }
            looks.reports.append(state.report(before: before))
        }
        return looks
    }

    /// Why the sources of pairs need not be asked, by their servers.
    ///
    /// Where a pass has found a server out of reach, one of its databases is asked all the same: what stands before a server
    /// may hide all but its databases.
    private func gone(_ sources: [ServerReport], of pairs: [VaultPair]) async throws -> [String: VaultPairFailure] {
        var gone: [String: VaultPairFailure] = [:]
        for server in sources {
            guard let failure = VaultPairFailure(server),
                let pair = pairs.first(where: { $0.source.server == server.name && $0.mode != .off })
            else { continue }
            do {
                _ = try await visit(pair, sealsUnchanged: false).source(after: nil)
            } catch is VaultPairFailure {
                gone[server.name] = failure
            }
        }
        return gone
    }

    /// Whether verifications are wanted, and the key can't read what they compare; a key that can't be had says nothing.
    private var onlyWrites: Bool {
        get async throws {
            guard configuration.verify?.shortestInterval != nil, let source = configuration.vault?.key else {
                return false
            }
            do {
                guard case .key(let key) = try await source.resolve(environment: environment) else { return false }
                return !key.canRead
            } catch is VaultError {
                // The backup tells.
                return false
            }
        }
    }

    /// Backs the pairs up, and looks at what there is then.
    ///
    /// - Parameters:
    ///   - interval: how long what has come of one pair may wait for that of others.
    ///   - tell: takes what has come of some pairs. No backup waits for it.
    /// - Throws: `CancellationError`, and what `tell` throws.
    func backUp(
        _ pairs: [VaultPair], tellingEvery interval: Duration, tell: ([VaultState]) async throws -> Void
    ) async throws {
        guard !pairs.isEmpty else { return }
        try await Gathering.run(
            tellingEvery: interval,
            work: { found in
                let onlyWrites = try await onlyWrites
                let sources = AskedSources()
                try await pairs.concurrentForEach(atMost: Self.atOnce) { pair in
                    try await backUp(pair, onlyWrites: onlyWrites, asking: sources)
                } receive: { state in
                    found(state)
                    return true
                }
            }, tell: tell)
    }

    /// - Throws: ``VaultPairFailure``, `CancellationError`.
    private func backUp(
        _ pair: VaultPair, sealsUnchanged: Bool, asking sources: AskedSources
    ) async throws -> VaultVisit.Done {
        if let failure = await sources.gone(pair.source.server) { throw failure }
        do {
            let done = try await visit(pair, sealsUnchanged: sealsUnchanged).backUp()
            await sources.answered(pair.source.server)
            return done
        } catch let failure as VaultPairFailure where failure.side == .source {
            // Where the server itself is gone, its other pairs need not wait for that one by one.
            try await sources.failed(pair.database.server, named: pair.source.server)
            throw failure
        }
    }

    private func backUp(
        _ pair: VaultPair, onlyWrites: Bool, asking sources: AskedSources
    ) async throws -> VaultState {
        var (done, failure): (VaultVisit.Done?, VaultPairFailure?)
        do {
            done = try await backUp(pair, sealsUnchanged: false, asking: sources)
        } catch let error as VaultPairFailure {
            failure = error
        }
        var state = try await look(at: pair, failure: failure, onlyWrites: onlyWrites)
        if let done { state.take(done.report, of: done.source) }
        return state
    }

    private func visit(_ pair: VaultPair, sealsUnchanged: Bool) -> VaultVisit {
        var visit = VaultVisit(
            pair: pair, vault: configuration.pairsVault, environment: environment, now: now)
        visit.sealsUnchanged = sealsUnchanged
        visit.turns = turns
        visit.onProgress = { [onProgress, name = pair.name] in onProgress(name, $0) }
        return visit
    }

    /// The databases of the sources, and why some can't be listed.
    private func names() async throws -> (listed: [String: [String]], failures: [String: VaultPairFailure]) {
        let sources = Set(configuration.pairs.filter { $0.target == .vault }.map(\.source))
        var names: [String: [String]] = [:]
        var failures: [String: VaultPairFailure] = [:]
        for server in servers where sources.contains(server.name) {
            do {
                if let error = server.secretError { throw error }
                names[server.name] = try await ReplicationFailure.Side.source.naming {
                    try await server.connection.databaseNames()
                }
            } catch {
                try Task.checkCancellation()
                failures[server.name] = VaultPairFailure(error, from: server.name)
            }
        }
        return (names, failures)
    }

    /// A pair, its source, and the nodes with copies of that that are away.
    private typealias Seen = (VaultState, DatabaseObservation, NodesAway?)

    /// Looks at a pair and its source.
    ///
    /// - Parameters:
    ///   - counts: the source's, as they are remembered.
    ///   - quiet: how it was when it was backed up last, where it may be left alone if it is as it was.
    ///   - asksNodes: whether nodes of its cluster are away.
    ///   - gone: why its server can't be asked; nil where it can.
    private func look(
        at pair: VaultPair, after counts: PairMemory.Counts?, quiet: QuietSource?, asksNodes: Bool, onlyWrites: Bool,
        unlessGone gone: VaultPairFailure?
    ) async throws -> Seen {
        do {
            if let gone { throw gone }
            let visit = visit(pair, sealsUnchanged: false)
            let source = try await visit.source(after: counts)
            let away = asksNodes ? try await visit.nodesAway(from: source, wasThere: counts != nil) : nil
            let isQuiet = quiet?.holds(for: source, at: now()) ?? false
            let state = try await look(
                at: pair, asksSource: source != .missing, quiet: isQuiet ? quiet?.backup : nil, onlyWrites: onlyWrites)
            return (state, source, away)
        } catch let failure as VaultPairFailure {
            var state = try await look(at: pair, asksSource: false, onlyWrites: onlyWrites)
            state.unseen = failure
            return (state, .unknown(CouchError(.unreachable, failure.description)), nil)
        }
    }

    /// - Parameters:
    ///   - failure: why the backup that was just tried was not made.
    ///   - asksSource: whether the source is asked what has changed; one that has just failed need not be asked again.
    ///   - quiet: the backup since which nothing was written to the source.
    private func look(
        at pair: VaultPair, failure: VaultPairFailure? = nil, asksSource: Bool = true,
        quiet: QuietSource.Backup? = nil, onlyWrites: Bool
    ) async throws -> VaultState {
        let visit = visit(pair, sealsUnchanged: false)
        var state = VaultState(pair: pair, at: now())
        if let failure { state.note(failure) }
        do {
            let backup = try await visit.lookAtBackup()
            state.take(backup, onlyWrites: onlyWrites)
        } catch let failure as VaultPairFailure {
            state.note(failure)
        }
        if let quiet { state.take(quiet) }
        guard asksSource, !state.isQuiet, let newest = state.newest, state.failure?.side != .source else {
            return state
        }
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
