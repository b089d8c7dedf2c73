/// The nodes of a cluster, at `GET /_membership` (2.0 and later).
public struct Membership: Sendable, Hashable, Codable {
    /// The nodes that this node is connected to.
    public let allNodes: [String]
    /// The nodes that belong to the cluster.
    public let clusterNodes: [String]

    /// Makes a description of a cluster.
    public init(allNodes: [String], clusterNodes: [String]) {
        self.allNodes = allNodes
        self.clusterNodes = clusterNodes
    }

    /// Reads the answer to `GET /_membership`.
    ///
    /// - Throws: ``CouchError`` with code `not-couchdb` where there are no nodes in it.
    public init(answer: JSONValue) throws {
        guard let all = answer["all_nodes"]?.array, let cluster = answer["cluster_nodes"]?.array else {
            throw CouchError(.notCouchDB, "the answer does not describe a cluster")
        }
        self.init(allNodes: all.compactMap(\.string), clusterNodes: cluster.compactMap(\.string))
    }

    /// Nodes of the cluster that can't be reached from the node that answered.
    public var missingNodes: [String] { clusterNodes.filter { !allNodes.contains($0) } }

    /// Which nodes are away, in words: `1 of 3 nodes (a1@host) is away`; nil where none is.
    public var missingSummary: String? {
        let missing = missingNodes
        return missing.isEmpty ? nil : NodesAway.summary(missing.sorted(), of: clusterNodes.count)
    }
}
