extension RevisionTree {
    /// Takes in a revision with its history, as a write with `new_edits: false` does.
    ///
    /// The history is grafted at its deepest known ancestor; where none is known it becomes a tree of its own. What is
    /// known of a revision stays: its body, its tombstone flag and its parent. Inserting again changes nothing.
    @discardableResult
    public mutating func insert(_ path: RevisionPath, isDeleted: Bool, body: Body?) -> RevisionInsertion {
        let leaf = path.leaf
        let wasKnown = nodes[leaf] != nil
        if !wasKnown {
            nodes[leaf] = Node(parent: nil, isDeleted: isDeleted, body: body)
            leafIDs.insert(leaf)
        } else if nodes[leaf]?.body == nil, let body {
            nodes[leaf]?.body = body
            nodes[leaf]?.isDeleted = isDeleted
        }
        var replacedLeaf = false
        for (child, ancestor) in zip(path.revisions, path.revisions.dropFirst()) {
            if let parent = nodes[child]?.parent {
                // A revision has one parent. Where a history disagrees, the one that came first stands.
                guard parent == ancestor else { break }
                continue
            }
            nodes[child]?.parent = ancestor
            nodes[ancestor, default: Node(parent: nil, isDeleted: false, body: nil)].childCount += 1
            if leafIDs.remove(ancestor) != nil { replacedLeaf = true }
        }
        return wasKnown ? .known : replacedLeaf ? .extended : .branched
    }

    /// Takes in everything that another tree of the same document knows.
    public mutating func merge(_ other: RevisionTree) {
        for leaf in other.leafIDs {
            guard let path = other.path(to: leaf), let revision = other[leaf] else { continue }
            insert(path, isDeleted: revision.isDeleted, body: revision.body)
        }
    }

    /// The revisions of the list that are neither a leaf nor a known ancestor, as `_revs_diff` answers them.
    public func missing(of revisions: some Sequence<RevisionID>) -> [RevisionID] {
        revisions.filter { nodes[$0] == nil }
    }

    /// The leaves that missing revisions may descend from, as `_revs_diff` answers them: those of an older generation
    /// than the newest of the missing (`couch_db:possible_ancestors`).
    public func possibleAncestors(ofMissing missing: some Sequence<RevisionID>) -> [RevisionID] {
        guard let newest = missing.map(\.generation).max() else { return [] }
        return leaves.map(\.id).filter { $0.generation < newest }
    }

    /// Forgets the ancestors that no leaf has among its last `limit` revisions, itself counted, as `_revs_limit` asks.
    ///
    /// Leaves and the winner stay as they are. A database that forgot takes a long absent branch for a new one.
    public mutating func stem(to limit: Int) {
        precondition(limit > 0, "a document keeps its leaves")
        // A path can't be longer than the tree, so that most calls end here.
        guard nodes.count > limit else { return }
        var kept: Set<RevisionID> = []
        for leaf in leafIDs {
            kept.formUnion(ancestry(of: leaf).prefix(limit))
        }
        guard kept.count < nodes.count else { return }
        nodes = nodes.filter { kept.contains($0.key) }
        for id in kept {
            if let parent = nodes[id]?.parent, !kept.contains(parent) { nodes[id]?.parent = nil }
        }
    }
}
