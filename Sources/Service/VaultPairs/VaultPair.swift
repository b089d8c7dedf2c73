import CouchDB
import Foundation
import Secrets
import Supervision

/// A source database whose backup is in the vault.
package struct VaultPair: Sendable {
    /// The pair's name, which is the backup's name in the vault too.
    package var name: String
    package var source: DatabaseAddress
    package var database: CouchDatabase
    package var mode: Pair.Mode
    package var thresholds: Thresholds
    /// Why a secret of the source's server can't be had.
    package var secretError: SecretError?
    /// Whether other databases would have the same backup: only the one whose backup it is already may.
    var isRival = false
    /// Whether it was told that its backup is gone, so that another one may begin in its place.
    var isLossKnown = false

    package static let targetPrefix = "vault:"

    /// The name of the backup that a target or an argument names as `vault:NAME`; nil where it is something else.
    package static func backup(of target: String) -> String? {
        target.hasPrefix(targetPrefix) ? String(target.dropFirst(targetPrefix.count)) : nil
    }

    /// The target, as reports name it.
    var target: String { Self.targetPrefix + name }

    /// What its reports and verifications are known by.
    var key: String { PassOptions.proofKey(source: database.url, target: target) }

    /// Chooses the pairs of a configuration's entries whose target is the vault.
    ///
    /// A database that has vanished, or that can't be listed, stays a pair, so that its loss is told. One that has a backup
    /// keeps that backup's name, which is in the last report; where it isn't, the vault is asked.
    ///
    /// - Parameters:
    ///   - names: the databases of each source that could be listed.
    ///   - remembered: the pairs of the last report.
    ///   - onlyPresent: whether what has vanished is left out.
    /// - Throws: `CancellationError`.
    static func select(
        _ configuration: Configuration, names: [String: [String]], servers: [SupervisedServer],
        remembered: [PairReport], onlyPresent: Bool = false
    ) async throws -> [VaultPair] {
        let pairs = matching(
            configuration, names: names, servers: servers, remembered: onlyPresent ? [] : remembered)
        let naming = VaultPairNaming(remembered: remembered)
        let unknown = naming.unknown(pairs)
        guard !unknown.isEmpty else { return naming.named(pairs) }
        let vault = configuration.pairsVault
        return VaultPairNaming(
            remembered: remembered, bindings: try await VaultBinding.read(of: unknown, in: vault.path)
        ).named(pairs)
    }

    /// The databases of the sources that would have to share a backup with others, and are in none of the chosen pairs.
    static func leftOut(
        _ configuration: Configuration, names: [String: [String]], servers: [SupervisedServer],
        besides chosen: [VaultPair]
    ) -> [VaultPair] {
        let known = Set(chosen.map(\.source))
        return matching(configuration, names: names, servers: servers, remembered: [])
            .filter { $0.isRival && !known.contains($0.source) }
    }

    /// The pairs of the last report that patterns made of databases which are there no more.
    static func gone(
        _ configuration: Configuration, names: [String: [String]], servers: [SupervisedServer],
        remembered: [PairReport], besides chosen: [VaultPair]
    ) -> [VaultPair] {
        let before = matching(configuration, names: names, servers: servers, remembered: remembered)
        return VaultPairNaming(remembered: remembered).named(gone(before, names: names, besides: chosen))
    }

    /// Those pairs whose server lists its databases and the source is not among them.
    ///
    /// - Parameter chosen: the pairs that are backed up: one that the configuration names is tried, and told as failed.
    static func gone(_ pairs: [VaultPair], names: [String: [String]], besides chosen: [VaultPair]) -> [VaultPair] {
        let known = Set(chosen.map(\.source))
        return pairs.filter { pair in
            pair.mode != .off && !known.contains(pair.source)
                && names[pair.source.server]?.contains(pair.source.database) == false
        }
    }

    /// The pairs, with the names that the configuration gives their backups.
    private static func matching(
        _ configuration: Configuration, names: [String: [String]], servers: [SupervisedServer],
        remembered: [PairReport]
    ) -> [VaultPair] {
        var (pairs, rivals): ([VaultPair], [VaultPair]) = ([], [])
        for entry in configuration.pairs where entry.target == .vault {
            guard let server = servers.first(where: { $0.name == entry.source }) else { continue }
            let present = Set(names[entry.source] ?? [])
            let before = remembered.filter { backup(of: $0.target) != nil }
                .compactMap { Self.database(of: $0.source, on: server.connection) }
            let match = entry.databases.matches(present.union(before))
            for selected in match.selected + match.rivals {
                let pair = entry.pair(source: selected.source, target: "vault", database: selected.target)
                var made = VaultPair(
                    name: selected.target, source: pair.source,
                    database: CouchDatabase(server: server.connection, name: selected.source), mode: pair.mode,
                    thresholds: pair.thresholds, secretError: server.secretError)
                made.isRival = match.rivals.contains(selected)
                if made.isRival { rivals.append(made) } else { pairs.append(made) }
            }
        }
        // A database for which another entry has a backup of its own is in nobody's way.
        var seen: Set<DatabaseAddress> = []
        return (pairs + rivals).filter { seen.insert($0.source).inserted }
    }

    /// The database of a URL; nil where it is one of another server.
    private static func database(of url: String, on connection: ServerConnection) -> String? {
        guard let name = url.split(separator: "/").last.map(String.init)?.removingPercentEncoding,
            CouchDatabase(server: connection, name: name).url == url
        else { return nil }
        return name
    }
}
