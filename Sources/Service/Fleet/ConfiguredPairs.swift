import Backup
import CouchDB
import Foundation
import Supervision

/// Makes pairs of the configuration's patterns and of what the servers have.
package struct ConfiguredPairs: Sendable {
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// The servers that are a source.
    package var sources: Set<String> { Set(configuration.pairs.map(\.source)) }

    /// The sources of which a pattern has to be compared with what they have.
    package var listedSources: Set<String> {
        Set(configuration.pairs.filter { $0.databases.hasWildcards }.map(\.source))
    }

    /// Chooses the pairs of a pass.
    ///
    /// Where a server's databases are unknown, the ones remembered and the ones named stand for them; and a remembered
    /// database that has vanished stays a pair, so that its loss is told. Databases that would share one target are
    /// a conflict of the sources' servers: a new database must not end the supervision of all others, and least of all be
    /// copied into the backup of another.
    package func select(
        names: [String: Observed<[String]>], remembered: Set<RememberedPair>
    ) -> PairSelection {
        var candidates: [Pair] = []
        var unmatched: [String: [String]] = [:]
        var conflicts: [String: [String]] = [:]
        for entry in configuration.pairs {
            let present = names[entry.source]?.value
            let before = remembered.map(\.source).filter { $0.server == entry.source }.map(\.database)
            let match = entry.databases.matches(Set(present ?? []).union(before))
            if let present {
                let patterns = entry.databases.matches(present).unmatchedPatterns
                if !patterns.isEmpty { unmatched[entry.source, default: []] += patterns }
            }
            conflicts[entry.source, default: []] += match.problems.compactMap { $0.words(for: entry.target) }
            guard case .server(let target) = entry.target else { continue }
            for chosen in entry.withoutBackupsOfBackups(match.selected + match.rivals) {
                guard !SystemDatabase.isReplicator(chosen.target) else {
                    let problem = SelectionProblem.wouldStartJobs(source: chosen.source, target: chosen.target)
                    conflicts[entry.source, default: []].append(problem.description)
                    continue
                }
                candidates.append(entry.pair(source: chosen.source, target: target, database: chosen.target))
            }
        }
        for (source, conflict) in stillRunning(remembered) { conflicts[source, default: []].append(conflict) }
        let rivals = Dictionary(grouping: candidates, by: \.target).mapValues {
            TargetRivals($0, remembered: remembered)
        }
        var kept: Set<String> = []
        var pairs: [Pair] = []
        for pair in candidates {
            if let conflict = rivals[pair.target]?.conflict(of: pair) {
                conflicts[pair.source.server, default: []].append(conflict)
            } else if kept.insert(pair.key).inserted {
                pairs.append(pair)
            } else {
                conflicts[pair.source.server, default: []].append("two entries make the pair \(pair.key)")
            }
        }
        return PairSelection(
            pairs: Self.named(pairs), unprotected: unprotected(names, pairs: pairs), unmatched: unmatched,
            conflicts: conflicts.filter { !$0.value.isEmpty })
    }

    /// Pairs that an earlier couchkeep has made, and that copy documents to where they run as replications.
    private func stillRunning(_ remembered: Set<RememberedPair>) -> [(source: String, conflict: String)] {
        remembered.compactMap { pair in
            guard let target = pair.target, SystemDatabase.isReplicator(target.database),
                let entry = configuration.pairs.first(where: {
                    $0.source == pair.source.server && $0.target == .server(target.server)
                }), entry.databases.matches([pair.source.database]).excluded.isEmpty
            else { return nil }
            let made = entry.pair(
                source: pair.source.database, target: target.server, database: target.database)
            let problem = SelectionProblem.wouldStartJobs(source: pair.source.database, target: target.database)
            return (
                pair.source.server,
                "\(problem), and has been until now: delete the document \(OwnershipMark.documentID(for: made)) from _replicator on "
                    + "\(made.coordinator), look at what runs from \(target.database) there, and exclude it: "
                    + "\"!\(pair.source.database)\""
            )
        }.sorted { $0.conflict < $1.conflict }
    }

    /// Databases of the sources that nothing covers: no pair, no exclusion, not themselves a backup.
    private func unprotected(_ names: [String: Observed<[String]>], pairs: [Pair]) -> [String: [String]] {
        guard configuration.unprotected.report else { return [:] }
        let covered = Set(pairs.flatMap { [$0.source, $0.target] })
        var result: [String: [String]] = [:]
        for (server, observed) in names {
            guard let present = observed.value else { continue }
            let excluded = Set(
                configuration.pairs.filter { $0.source == server }.flatMap { $0.databases.matches(present).excluded })
            // What goes into the vault is protected too.
            let vaulted = Set(
                configuration.pairs.filter { $0.source == server && $0.target == .vault }
                    .flatMap { entry in
                        let match = entry.databases.matches(present)
                        // What can't share a backup is told as that.
                        return (match.selected + match.rivals).map(\.source)
                    })
            let open = present.filter { name in
                !DatabaseNaming.isInternal(name) && !excluded.contains(name) && !vaulted.contains(name)
                    && !covered.contains(DatabaseAddress(server: server, database: name))
                    && !configuration.unprotected.ignore.contains { $0.matches(name) }
            }
            if !open.isEmpty { result[server] = open.sorted() }
        }
        return result
    }

    /// Gives each pair the shortest name that no other has.
    private static func named(_ pairs: [Pair]) -> [Pair] {
        func count(_ name: (Pair) -> String) -> [String: Int] {
            Dictionary(pairs.map { (name($0), 1) }, uniquingKeysWith: +)
        }
        let short: (Pair) -> String = { $0.source.database }
        let middle: (Pair) -> String = { "\($0.source.server)/\($0.source.database)" }
        let shortCount = count(short)
        let middleCount = count(middle)
        return pairs.map { pair in
            var pair = pair
            pair.name =
                shortCount[short(pair)] == 1
                ? short(pair)
                : middleCount[middle(pair)] == 1
                    ? middle(pair) : "\(middle(pair)) to \(pair.target.server)/\(pair.target.database)"
            return pair
        }
    }
}

extension PairConfiguration {
    /// One pair of this entry.
    func pair(source database: String, target server: String, database targetDatabase: String) -> Pair {
        var limits = Thresholds()
        limits.lagWarning = thresholds.lagWarning.seconds
        limits.lagCritical = thresholds.lagCritical.seconds
        limits.lagChangesWarning = thresholds.changesWarning
        limits.lagChangesCritical = thresholds.changesCritical
        limits.pendingFor = thresholds.pendingFor.seconds
        limits.stalledFor = thresholds.stalledFor.seconds
        limits.crashesPerHour = thresholds.crashesPerHour
        limits.massDeletionShare = thresholds.massDeletion.fraction
        var budget = RepairBudget()
        budget.repairsPerHour = repairs.perHour
        budget.firstPause = repairs.backoff.seconds
        budget.longestPause = repairs.maxBackoff.seconds
        return Pair(
            name: database, source: DatabaseAddress(server: source, database: database),
            target: DatabaseAddress(server: server, database: targetDatabase),
            runOn: runOn == .target ? .target : .source,
            mode: Pair.Mode(mode), createsTarget: createTarget, comparesSecurity: compareSecurity, thresholds: limits,
            budget: budget)
    }
}

extension Pair.Mode {
    init(_ mode: PairConfiguration.Mode) {
        switch mode {
        case .manage: self = .manage
        case .watch: self = .watch
        case .off: self = .off
        }
    }
}

extension Duration {
    /// The duration in seconds, as a number.
    var seconds: TimeInterval {
        let (seconds, attoseconds) = components
        return TimeInterval(seconds) + TimeInterval(attoseconds) / 1e18
    }
}
