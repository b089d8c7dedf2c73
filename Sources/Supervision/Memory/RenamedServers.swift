/// The servers that have another name in the configuration than at the last pass, and the URL that they had.
///
/// What is remembered goes by names. Under a new one a server would be another, and what was told of it over.
struct RenamedServers: Sendable, Hashable {
    /// The new names by the old ones.
    let names: [String: String]

    /// - Parameters:
    ///   - before: the servers of the last report.
    ///   - now: the URLs of those that are configured, by name.
    init(before: [ServerReport], now: [String: String]) {
        let known = Set(before.map(\.name))
        let added = now.filter { !known.contains($0.key) }
        var names: [String: String] = [:]
        for server in before where now[server.name] == nil {
            let found = added.filter { $0.value == server.url }.keys
            // Of two new names for one server nobody knows which is meant.
            if found.count == 1 { names[server.name] = found.first }
        }
        self.names = names
    }

    /// The memories of pairs by their new keys.
    func renamed(_ memories: [String: PairMemory]) -> [String: PairMemory] {
        guard !names.isEmpty else { return memories }
        var result = memories
        for (key, memory) in memories {
            var memory = memory
            memory.source = memory.source.map(renamed)
            memory.target = memory.target.map(renamed)
            guard let source = memory.source, let target = memory.target else { continue }
            let newKey = Pair.key(source: source, target: target)
            guard newKey != key else { continue }
            result[key] = nil
            result[newKey] = memory
        }
        return result
    }

    /// The memories of servers by their new names.
    func renamed(_ memories: [String: ServerMemory]) -> [String: ServerMemory] {
        var result = memories
        for (old, new) in names {
            guard let memory = memories[old] else { continue }
            result[old] = nil
            result[new] = memory
        }
        return result
    }

    private func renamed(_ address: DatabaseAddress) -> DatabaseAddress {
        DatabaseAddress(server: names[address.server] ?? address.server, database: address.database)
    }
}
