/// All known revisions of one document: a forest, since branches whose common ancestor was stemmed away have no bond.
///
/// A node is identified by its revision alone. CouchDB can for a while hold one revision in two trees of the forest and
/// repairs that when it stems (`couch_key_tree:repair_tree`); here there is nothing to repair, and merging is
/// commutative and associative on leaf sets. `Body` is whatever the owner keeps for a revision.
public struct RevisionTree<Body> {
    /// What is known of one revision.
    struct Node {
        var parent: RevisionID?
        var childCount = 0
        var isDeleted: Bool
        var body: Body?
    }

    var nodes: [RevisionID: Node] = [:]
    var leafIDs: Set<RevisionID> = []

    /// Makes the tree of a document that doesn't exist.
    public init() {}
}

/// What the insertion of a revision into a tree changed.
public enum RevisionInsertion: Sendable, Hashable {
    /// The revision is a new leaf that replaces an older one.
    case extended
    /// The revision is a new leaf beside others: the document's first revision, or a conflict.
    case branched
    /// The revision was known, as a leaf or as an ancestor of one. The leaf set may have shrunk all the same, if the path
    /// told that a leaf is an ancestor of another one.
    case known
}

extension RevisionTree {
    /// A leaf, or any revision, of a tree.
    public struct Revision {
        /// The revision's identity.
        public let id: RevisionID
        /// Whether this revision is a tombstone; false for an ancestor of which only the identity is known.
        public let isDeleted: Bool
        /// What is kept for the revision; nil for an ancestor of which only the identity is known.
        public let body: Body?
    }

    /// Whether the document doesn't exist: no revision is known.
    public var isEmpty: Bool { nodes.isEmpty }

    /// The number of known revisions, ancestors included.
    public var count: Int { nodes.count }

    /// The number of leaves.
    public var leafCount: Int { leafIDs.count }

    /// Returns a known revision.
    public subscript(id: RevisionID) -> Revision? {
        nodes[id].map { Revision(id: id, isDeleted: $0.isDeleted, body: $0.body) }
    }

    /// Tells whether the revision is known, as a leaf or as an ancestor.
    public func contains(_ id: RevisionID) -> Bool { nodes[id] != nil }

    /// Tells whether the revision is a leaf.
    public func isLeaf(_ id: RevisionID) -> Bool { leafIDs.contains(id) }

    /// The revision that the given one was made from; nil for a root and for what isn't known.
    public func parent(of id: RevisionID) -> RevisionID? { nodes[id]?.parent }

    /// The leaves, the winner first: not deleted before deleted, then by generation, then by hash.
    public var leaves: [Revision] {
        leafIDs.compactMap { self[$0] }.sorted { Self.wins($0, over: $1) }
    }

    /// The revision that CouchDB shows as the document; nil where the document doesn't exist.
    public var winner: Revision? {
        leafIDs.lazy.compactMap { self[$0] }.max { Self.wins($1, over: $0) }
    }

    /// Whether the document is deleted: it exists, and all its leaves are tombstones.
    public var isDeleted: Bool { winner?.isDeleted ?? false }

    /// The leaves as a set, to compare with another database's.
    public var leafSet: LeafSet { LeafSet(leafIDs) }

    /// The other leaves that are not deleted, as `_conflicts` lists them.
    public var conflicts: [RevisionID] { leaves.dropFirst().filter { !$0.isDeleted }.map(\.id) }

    /// The deleted leaves beside the winner, as `_deleted_conflicts` lists them.
    public var deletedConflicts: [RevisionID] { leaves.dropFirst().filter(\.isDeleted).map(\.id) }

    /// Returns the revision and its known ancestors; nil where it isn't known.
    public func path(to id: RevisionID) -> RevisionPath? {
        guard nodes[id] != nil else { return nil }
        return RevisionPath(unchecked: ancestry(of: id))
    }

    /// The leaves that the revision leads to, itself if it is one: what `open_revs` and `_bulk_get` answer for
    /// `latest=true`.
    public func leaves(descendingFrom id: RevisionID) -> [Revision] {
        guard let node = nodes[id] else { return [] }
        if node.childCount == 0 { return self[id].map { [$0] } ?? [] }
        return leaves.filter { leaf in
            ancestry(of: leaf.id).contains(id)
        }
    }

    /// A known revision and its known ancestors, newest first.
    func ancestry(of id: RevisionID) -> [RevisionID] { Array(sequence(first: id) { nodes[$0]?.parent }) }

    private static func wins(_ left: Revision, over right: Revision) -> Bool {
        left.isDeleted == right.isDeleted ? left.id > right.id : !left.isDeleted
    }
}

extension RevisionTree.Revision: Sendable where Body: Sendable {}
extension RevisionTree.Revision: Equatable where Body: Equatable {}
extension RevisionTree.Node: Sendable where Body: Sendable {}
extension RevisionTree.Node: Equatable where Body: Equatable {}
extension RevisionTree: Sendable where Body: Sendable {}
extension RevisionTree: Equatable where Body: Equatable {}
