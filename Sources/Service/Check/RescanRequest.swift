import Supervision

/// The pairs whose source is to be read again from the beginning, by their names.
package struct RescanRequest: Sendable {
    private let names: Set<String>

    package init(_ names: Set<String>) { self.names = names }

    /// Why not all of it could be done; nil where it could.
    package func objection(_ report: Report) -> String? {
        let unknown = names.subtracting(report.pairs.map(\.pair))
        guard unknown.isEmpty else {
            return "there is no pair \(unknown.sorted().joined(separator: ", ")) to rescan; see couchkeep status"
        }
        for name in names.sorted() {
            let pairs = report.pairs.filter { $0.pair == name }
            let onServers = pairs.filter { VaultPair.backup(of: $0.target) == nil }
            guard !onServers.isEmpty else {
                return "\(name) has its backup in the vault, which needs no rescan: couchkeep repair "
                    + ShellWord.quoted("vault:\(name)")
            }
            guard onServers.contains(where: { $0.mode == .manage }) else {
                return
                    "\(name) is of mode \(onServers[0].mode.rawValue), and --rescan is only for pairs of mode manage: to let "
                    + "a source be read again, its replication has to be changed; couchkeep repair "
                    + "\(ShellWord.quoted(name)) copies what is missing"
            }
        }
        return nil
    }
}
