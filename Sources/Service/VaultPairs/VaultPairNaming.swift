import CouchDB
import Foundation
import Supervision

/// Gives each pair the name of its backup: the database's, and with the server's before it where several have that one.
///
/// A backup that there is keeps its name, so that a database of the same name on another server does not end its past.
struct VaultPairNaming: Sendable {
    /// The sources of backups by the backups' names, as the last report has them.
    private var reported: [String: Set<String>] = [:]
    /// What the vault says of backups.
    private var bindings: [String: VaultBinding]

    init(remembered: [PairReport], bindings: [String: VaultBinding] = [:]) {
        self.bindings = bindings
        for pair in remembered {
            if let name = VaultPair.backup(of: pair.target) { reported[name, default: []].insert(pair.source) }
        }
    }

    /// The names of which the vault is to be asked: those that pairs may have which the last report does not know.
    func unknown(_ pairs: [VaultPair]) -> Set<String> {
        Set(pairs.filter { reportedName(of: $0) == nil }.flatMap(Self.candidates))
    }

    /// The pairs with the names of their backups; without those that would have to share one.
    func named(_ pairs: [VaultPair]) -> [VaultPair] {
        var taken: Set<String> = []
        let known = pairs.map { pair -> String? in
            (reportedName(of: pair) ?? boundName(of: pair)).flatMap { taken.insert($0).inserted ? $0 : nil }
        }
        let newcomers = zip(pairs, known).filter { $0.1 == nil && !$0.0.isRival }.map(\.0)
        let counts = Dictionary(newcomers.map { ($0.name, 1) }, uniquingKeysWith: +)
        return zip(pairs, known).compactMap { pair, known in
            guard known != nil || !pair.isRival else { return nil }
            var pair = pair
            let isAlone = counts[pair.name] == 1 && !taken.contains(pair.name)
            pair.name = known ?? (isAlone ? pair.name : Self.long(pair))
            return pair
        }
    }

    private func reportedName(of pair: VaultPair) -> String? {
        Self.candidates(pair).first { reported[$0]?.contains(pair.database.url) == true }
    }

    /// Of two backups of the pair's source the one that was made last.
    private func boundName(of pair: VaultPair) -> String? {
        Self.candidates(pair).filter { bindings[$0]?.source == pair.database.url }
            .max { bindings[$0]?.newest ?? .distantPast < bindings[$1]?.newest ?? .distantPast }
    }

    private static func candidates(_ pair: VaultPair) -> [String] { [pair.name, long(pair)] }

    private static func long(_ pair: VaultPair) -> String { "\(pair.source.server)/\(pair.name)" }
}
