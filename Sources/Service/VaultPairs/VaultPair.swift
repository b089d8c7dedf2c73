import CouchDB
import Supervision

/// A source database whose backup is in the vault.
package struct VaultPair: Sendable {
    /// The pair's name, which is the backup's name in the vault too.
    package var name: String
    package var source: DatabaseAddress
    package var database: CouchDatabase
    package var mode: Pair.Mode
    package var thresholds: Thresholds

    /// Chooses the pairs of a configuration's entries whose target is the vault.
    ///
    /// - Parameter names: the databases of each source, nil where they can't be had; then those that are named.
    static func select(
        _ configuration: Configuration, names: [String: [String]], connections: [String: ServerConnection]
    ) -> [VaultPair] {
        var pairs: [VaultPair] = []
        var seen: Set<DatabaseAddress> = []
        for entry in configuration.pairs where entry.target == .vault {
            guard let connection = connections[entry.source] else { continue }
            for selected in entry.databases.matches(names[entry.source] ?? []).selected {
                let pair = entry.pair(source: selected.source, target: "vault", database: selected.target)
                guard seen.insert(pair.source).inserted else { continue }
                pairs.append(
                    VaultPair(
                        name: selected.target, source: pair.source,
                        database: CouchDatabase(server: connection, name: selected.source), mode: pair.mode,
                        thresholds: pair.thresholds))
            }
        }
        // Two servers may have databases of one name.
        let counts = Dictionary(pairs.map { ($0.name, 1) }, uniquingKeysWith: +)
        return pairs.map { pair in
            var pair = pair
            if counts[pair.name] != 1 { pair.name = "\(pair.source.server)/\(pair.name)" }
            return pair
        }
    }
}
