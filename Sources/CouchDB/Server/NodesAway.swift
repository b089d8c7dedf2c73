/// Nodes of a cluster that are away, with the copies of a database's shards on them.
///
/// A cluster with too few copies left answers as if nothing were amiss: it reads from those that there are, and says to whom
/// writes with `new_edits: false` that they were taken.
public struct NodesAway: Sendable, Hashable, Codable {
    /// The nodes' names, sorted.
    public let nodes: [String]
    /// How many nodes the cluster has.
    public let clusterSize: Int
    /// Whether so many copies of a shard are away that a write which they acknowledged may be on none of those that are left.
    public let mayHideWrites: Bool
    /// The copies that are left of the shard with the fewest.
    public let leastCopies: Int
    /// Whether they are fewer than acknowledge a write.
    public let missesQuorum: Bool

    /// Counts the copies that are away.
    ///
    /// - Parameter shards: where the copies lie; where nil, as many of a shard are taken for away as may be.
    /// - Returns: nil where none is.
    public init?(_ membership: Membership, _ shards: ShardCopies?, _ counts: CopyCounts) {
        let here = Set(membership.allNodes)
        let (away, left): (Set<String>, [(away: Int, left: Int)])
        if let shards {
            away = Set(shards.nodes.values.joined()).subtracting(here)
            left = shards.nodes.values.map { nodes in
                let left = Set(nodes).intersection(here).count
                return (Set(nodes).count - left, left)
            }
        } else {
            away = Set(membership.missingNodes)
            let copies = min(away.count, counts.copies)
            left = [(copies, counts.copies - copies)]
        }
        guard !away.isEmpty else { return nil }
        (nodes, clusterSize) = (away.sorted(), Set(membership.clusterNodes).union(away).count)
        mayHideWrites = left.contains { $0.away >= counts.quorum }
        leastCopies = left.map(\.left).min() ?? 0
        missesQuorum = leastCopies < counts.quorum
    }

    /// Which nodes, in words: `2 of 3 nodes (a1@host, a2@host) are away`.
    public var summary: String { Self.summary(nodes, of: clusterSize) }

    static func summary(_ nodes: [String], of clusterSize: Int) -> String {
        "\(nodes.count) of \(clusterSize) nodes (\(listed(nodes))) \(nodes.count == 1 ? "is" : "are") away"
    }

    /// The first five of some names, in words.
    package static func listed(_ nodes: [String]) -> String {
        nodes.prefix(5).joined(separator: ", ") + (nodes.count > 5 ? ", …" : "")
    }

    /// What that says of what is read, in words; nil where each acknowledged write is on a copy that is left.
    public var hiding: String? {
        mayHideWrites ? "\(summary): what was acknowledged may not be visible" : nil
    }

    /// What that says of what was written, in words; nil where it is on as many copies as acknowledge a write.
    public var thinness: String? {
        guard missesQuorum else { return nil }
        let copies = leastCopies < 2 ? "on one copy alone" : "on \(leastCopies) copies alone"
        return "\(summary): what was written may be \(copies)"
    }

    /// The worse of two looks at the same cluster; nil where nothing was away at either.
    public static func worse(_ left: NodesAway?, _ right: NodesAway?) -> NodesAway? {
        guard let left, let right else { return left ?? right }
        if left.mayHideWrites != right.mayHideWrites { return left.mayHideWrites ? left : right }
        return left.leastCopies <= right.leastCopies ? left : right
    }
}
