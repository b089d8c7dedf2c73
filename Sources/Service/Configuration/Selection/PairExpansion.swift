/// The pairs of databases that a configuration means, given what the servers hold.
///
/// Where two entries cover the same source and target, the first one counts. What would harm a database (two sources in
/// one target, a database into itself) is left out and reported.
package struct PairExpansion: Sendable, Equatable {
    /// A source database and the target that is to hold its backup.
    package struct Pair: Sendable, Equatable {
        /// The index of the entry in ``Configuration/pairs``.
        package let entry: Int
        package let source: Place
        package let target: Place
    }

    /// A database of a server, or of the vault.
    package struct Place: Sendable, Hashable, CustomStringConvertible {
        package let keeper: PairConfiguration.Target
        package let database: String
        package var description: String { "\(keeper)/\(database)" }
    }

    /// In the order of the entries, then by the source's name.
    package private(set) var pairs: [Pair] = []
    package private(set) var issues: [ConfigurationIssue] = []
    /// Databases that no entry covers nor excludes, by server; only of servers that are a source.
    package private(set) var unprotected: [String: [String]] = [:]

    /// Expands a configuration.
    ///
    /// - Parameters:
    ///   - loaded: The configuration, with the places in its file.
    ///   - databases: The names of the databases, by server. Of a server that isn't in it only databases that are named
    ///     in the configuration are known.
    package init(_ loaded: LoadedConfiguration, databases: [String: [String]]) {
        var covered: Set<Place> = []
        var candidates: [Pair] = []
        for (index, entry) in loaded.configuration.pairs.enumerated() {
            let names = databases[entry.source]
            let match = entry.databases.matches(names ?? [])
            let path = "pairs[\(index)].databases"
            func issue(_ code: ConfigurationIssue.Code, _ message: String, next: String) {
                issues.append(loaded.issue(code, at: path, message, nextStep: next))
            }
            if names != nil {
                for pattern in match.unmatchedPatterns {
                    issue(
                        .unmatchedPattern, "the pattern \"\(pattern)\" fits no database of server \(entry.source)",
                        next: "correct or remove it; `*` passes over CouchDB's own databases, which must be named")
                }
            }
            for problem in match.problems {
                issue(
                    .targetCollision, problem.description,
                    next: "give each its own name: - {source: NAME, target: OTHER_NAME}")
            }
            covered.formUnion(match.excluded.map { Place(keeper: .server(entry.source), database: $0) })
            candidates += Self.withoutBackupsOfBackups(match.selected, entry).map {
                Pair(
                    entry: index, source: Place(keeper: .server(entry.source), database: $0.source),
                    target: Place(keeper: entry.target, database: $0.target))
            }
        }
        select(candidates, loaded)
        for pair in candidates { covered.formUnion([pair.source, pair.target]) }
        findUnprotected(loaded.configuration, databases: databases, covered: covered)
    }

    /// On one and the same server `*` also fits the backups that the entry made, and would back them up again and again.
    private static func withoutBackupsOfBackups(
        _ selected: [SelectedDatabase], _ entry: PairConfiguration
    ) -> [SelectedDatabase] {
        guard entry.target == .server(entry.source) else { return selected }
        let backups = Set(selected.filter { $0.source != $0.target }.map(\.target))
        let named = Set(entry.databases.explicitNames)
        return selected.filter { !backups.contains($0.source) || named.contains($0.source) }
    }

    private mutating func select(_ candidates: [Pair], _ loaded: LoadedConfiguration) {
        var sources: [Place: Set<Place>] = [:]
        for pair in candidates { sources[pair.target, default: []].insert(pair.source) }
        var seen: [Place: Pair] = [:]
        for pair in candidates {
            func issue(_ code: ConfigurationIssue.Code, _ message: String, next: String) {
                issues.append(loaded.issue(code, at: "pairs[\(pair.entry)].databases", message, nextStep: next))
            }
            if pair.source == pair.target {
                issue(
                    .sourceIsTarget, "\(pair.source) would be backed up into itself",
                    next: "name another server as target, or another database with rename: \"{name}-backup\"")
            } else if let sources = sources[pair.target], sources.count > 1 {
                let names = sources.map(\.description).sorted().joined(separator: ", ")
                issue(
                    .targetCollision, "\(names) would all be backed up into \(pair.target)",
                    next: "give each its own name at the target, with rename or - {source: NAME, target: OTHER_NAME}")
            } else if let first = seen[pair.target] {
                issue(
                    .duplicatePair,
                    "\(pair.source) to \(pair.target) is covered by pairs[\(first.entry)] already, whose settings count",
                    next: "exclude it here with \"!\(pair.source.database)\"")
            } else {
                seen[pair.target] = pair
                pairs.append(pair)
            }
        }
    }

    private mutating func findUnprotected(
        _ configuration: Configuration, databases: [String: [String]], covered: Set<Place>
    ) {
        guard configuration.unprotected.report else { return }
        for server in Set(configuration.pairs.map(\.source)) {
            let names = (databases[server] ?? []).filter { name in
                !DatabaseNaming.isSystem(name) && !covered.contains(Place(keeper: .server(server), database: name))
                    && !configuration.unprotected.ignore.contains { $0.matches(name) }
            }
            if !names.isEmpty { unprotected[server] = names.sorted() }
        }
    }
}
