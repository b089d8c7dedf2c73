import CouchDB
import Foundation
import Supervision

/// The pairs of the configuration by their names, those on servers and those in the vault.
package struct PairDirectory: Sendable {
    /// No pair has a name, or several have.
    package struct UnknownPair: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    package let pairs: [VerifiablePair]

    package init(_ pairs: [VerifiablePair]) { self.pairs = pairs }

    /// Makes the pairs of the configuration's patterns and of what the sources have.
    ///
    /// What a source that can't be asked had at the last check stands for what it has. One of which all databases are
    /// configured by name is not asked.
    package init(_ configuration: Configuration, fleet: Fleet, state: StateDatabase) async throws {
        var names: [String: Observed<[String]>] = [:]
        let sources = fleet.selector.listedSources
        for server in fleet.servers where sources.contains(server.name) {
            names[server.name] =
                if let error = server.secretError {
                    .unknown(CouchError(.unauthorized, "\(error)"))
                } else {
                    try await Observed.catching { try await server.connection.databaseNames() }
                }
        }
        let servers = Dictionary(fleet.servers.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        let memories = try await state.pairMemories()
        let remembered = Set(memories.values.compactMap(RememberedPair.init))
        let last = try await state.lastReport()?.pairs ?? []
        let partial = Self.partialReplications(last)
        var pairs: [VerifiablePair] = []
        for pair in fleet.selector.select(names: names, remembered: remembered).pairs {
            guard let source = servers[pair.source.server], let target = servers[pair.target.server] else { continue }
            var verifiable =
                VerifiablePair(
                    name: pair.name, mode: pair.mode, source: source.connection.database(pair.source.database),
                    backup: .database(target.connection.database(pair.target.database)),
                    servers: [source.name, target.name], checkpointID: memories[pair.key]?.replicationBase,
                    replicationUser: target.access.user, comparesSecurity: pair.comparesSecurity,
                    secretError: source.secretError ?? target.secretError)
            if let coordinator = servers[pair.coordinator], let document = partial[verifiable.key] {
                verifiable.partialReplication = (coordinator.connection.database("_replicator"), document)
            }
            pairs.append(verifiable)
        }
        let vaulted = try await VaultPair.select(
            configuration, names: names.compactMapValues(\.value), servers: fleet.servers,
            remembered: last)
        pairs += vaulted.map { pair in
            VerifiablePair(
                name: pair.name, mode: pair.mode, source: pair.database, backup: .vault(pair.name),
                servers: [pair.source.server], secretError: pair.secretError)
        }
        self.pairs = pairs
    }

    /// The replication documents that copy only a part, by the keys of their pairs.
    private static func partialReplications(_ pairs: [PairReport]) -> [String: String] {
        let found = pairs.compactMap { pair in
            pair.findings.first { $0.rule == ReplicationPartial.name }?.evidence["document"]?.string.map {
                (pair.key, $0)
            }
        }
        return Dictionary(found, uniquingKeysWith: { $1 })
    }

    /// The pairs of a name: one on servers and one in the vault may share it.
    ///
    /// - Parameter name: a pair's name, or `vault:NAME` for the one in the vault.
    /// - Throws: ``UnknownPair`` with the names that may have been meant.
    package func pairs(named name: String) throws -> [VerifiablePair] {
        let found = pairs.filter { $0.name == name || ($0.isInVault && $0.target == name) }
        guard found.isEmpty else { return found }
        let meant = nearest(to: name)
        let hint =
            if pairs.isEmpty {
                "the configuration makes no pair"
            } else if meant.isEmpty {
                "couchkeep status lists all of them"
            } else {
                "did you mean \(meant.joined(separator: " or "))?"
            }
        throw UnknownPair(description: "there is no pair \"\(name)\"; \(hint)")
    }

    /// The names of pairs that may have been meant by a word that is none: slips first, then names that contain it.
    package func nearest(to word: String) -> [String] { Self.nearest(to: word, among: Set(pairs.map(\.name))) }

    static func nearest(to word: String, among names: Set<String>) -> [String] {
        let word = word.lowercased()
        let slips = names.map { (name: $0, distance: Spelling.distance(word, $0.lowercased())) }
            .filter { $0.distance <= max(1, word.count / 4) }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.map(\.name)
        let alike = names.filter { word.count >= 3 && $0.lowercased().contains(word) }.sorted()
        return Array((slips + alike.filter { !slips.contains($0) }).prefix(3))
    }
}
