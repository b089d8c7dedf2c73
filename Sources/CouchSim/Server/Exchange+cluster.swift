import HTTPTypes
import Synchronization

extension Exchange {
    func membership() throws -> SimulatedResponse {
        try allow(.get, .head)
        if !flavour.isOlderThan3 { try requireServerAdmin() }
        let (away, removed) = server.state.withLock { ($0.nodesAway, $0.nodesRemoved) }
        func list(without nodes: Set<String>) -> OrderedJSON {
            .array(server.nodes.filter { !nodes.contains($0) }.sorted().map { .string($0) })
        }
        return .json(["all_nodes": list(without: away), "cluster_nodes": list(without: removed)])
    }

    /// Answers `_shards`: the copies of each range are on nodes beside each other, as `mem3_util:create_partition_map` puts
    /// them.
    func shards(of database: Database) throws -> SimulatedResponse {
        try allow(.get)
        let nodes = server.nodes
        var shards: OrderedJSON = [:]
        for index in 0..<database.q {
            let (first, next) = ((index << 32) / database.q, ((index + 1) << 32) / database.q)
            let copies = (0..<min(server.copies, nodes.count)).map { nodes[(index + $0) % nodes.count] }
            shards.append(
                "\(Self.hash(first))-\(Self.hash(next - 1))", .array(copies.sorted().map { .string($0) }))
        }
        return .json(["shards": shards])
    }

    /// Eight hexadecimal digits.
    private static func hash(_ value: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}

extension SimulatedServer {
    /// The name of the node that answers.
    package static let node = "couchdb@127.0.0.1"

    /// All nodes of the cluster.
    var nodes: [String] { [Self.node] + options.otherNodes }
    /// How many copies each shard has.
    var copies: Int { options.copies ?? min(3, nodes.count) }
    /// How many of them acknowledge a write.
    var quorum: Int { copies / 2 + 1 }

    /// Says of nodes of the cluster that they are away, and of all others that they are back; what the databases hold stays
    /// as it is.
    package func setNodesAway(_ nodes: Set<String>) { state.withLock { $0.nodesAway = nodes } }

    /// Takes nodes out of the cluster, as deleting their documents in `_nodes` does: the shards stay where they are, and the
    /// nodes are seen as long as they run.
    package func removeNodes(_ nodes: Set<String>) { state.withLock { $0.nodesRemoved = nodes } }
}
