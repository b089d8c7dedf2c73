extension RevisionTree {
    /// Returns the revision that an edit through the document API is made on; nil where it is the document's first.
    ///
    /// An edit names the leaf that it replaces. An edit that names none makes a new document, or continues the winner of
    /// a deleted one (`couch_db_updater:merge_rev_tree`).
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/conflict`` where the named revision is not a
    ///   leaf, or where none is named and the document exists.
    public func parentOfEdit(basedOn revision: RevisionID?) throws(CouchError) -> RevisionID? {
        if let revision {
            guard isLeaf(revision) else { throw CouchError(.conflict, "\(revision) is not a leaf of the document") }
            return revision
        }
        guard let winner else { return nil }
        guard winner.isDeleted else {
            throw CouchError(.conflict, "the document exists, and the edit doesn't name the revision that it replaces")
        }
        return winner.id
    }

    /// Adds a revision made on a known one, or a first revision where `parent` is nil, and returns its identity.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/conflict`` where the parent is not a leaf;
    ///   ``CouchError/Code-swift.struct/invalidInput`` where its generation is the last that can be counted.
    @discardableResult
    public mutating func addEdit(
        on parent: RevisionID?, hash: String, isDeleted: Bool, body: Body?
    ) throws(CouchError) -> RevisionID {
        if let parent, !isLeaf(parent) { throw CouchError(.conflict, "\(parent) is not a leaf of the document") }
        let (generation, overflow) = (parent?.generation ?? 0).addingReportingOverflow(1)
        guard !overflow else { throw CouchError(.invalidInput, "no generation comes after that of this revision") }
        let revision = RevisionID(generation: generation, hash: hash)
        insert(
            RevisionPath(unchecked: [revision] + (parent.map { [$0] } ?? [])), isDeleted: isDeleted, body: body)
        return revision
    }

    /// Drops the bodies of all ancestors, as a compaction does.
    public mutating func compact() {
        for id in nodes.keys where !leafIDs.contains(id) { nodes[id]?.body = nil }
    }

    /// Removes leaves together with those ancestors that lead to no other leaf, as `_purge` does, and returns the
    /// leaves that were removed.
    @discardableResult
    public mutating func purge(_ revisions: some Sequence<RevisionID>) -> [RevisionID] {
        // Only what was a leaf before counts: an ancestor that is left without a child goes with it.
        let purged = Set(revisions).intersection(leafIDs)
        for leaf in purged {
            leafIDs.remove(leaf)
            var next: RevisionID? = leaf
            while let id = next, let node = nodes[id], node.childCount == 0 {
                nodes[id] = nil
                next = node.parent
                if let parent = node.parent { nodes[parent]?.childCount -= 1 }
            }
        }
        return purged.sorted()
    }
}
