import CouchDB

/// What is asked for beside a document's members.
struct DocumentOptions: Sendable {
    var revisions = false
    var conflicts = false
    var deletedConflicts = false
    var revisionsInfo = false
    var localSequence = false
    var attachments = Attachment.Form.stub
    /// Attachments up to this generation are stubs in any case.
    var knownGeneration: Int?

    func isKnown(_ attachment: Attachment) -> Bool {
        knownGeneration.map { attachment.revisionPosition <= $0 } ?? false
    }
}

extension DatabaseState {
    /// Returns a revision of a document as it is served.
    func json(
        id: String, revision: RevisionTree<DocumentBody>.Revision, options: DocumentOptions = DocumentOptions()
    ) -> OrderedJSON {
        let tree = documents[id]?.tree ?? RevisionTree()
        let body = revision.body ?? .empty
        var head = [
            OrderedJSON.Member("_id", .string(id)), OrderedJSON.Member("_rev", .string(revision.id.description)),
        ]
        if revision.isDeleted { head.append(OrderedJSON.Member("_deleted", true)) }
        var tail: [OrderedJSON.Member] = []
        // A lower limit shows at once, while the tree keeps what it has until the next edit (couch_doc:stem/2 on reading).
        if options.revisions, let path = tree.path(to: revision.id)?.stemmed(to: revsLimit) {
            let ids = path.ids.map { OrderedJSON.string($0) }
            tail.append(OrderedJSON.Member("_revisions", ["start": .integer(path.start), "ids": .array(ids)]))
        }
        if options.revisionsInfo, let path = tree.path(to: revision.id) {
            tail.append(OrderedJSON.Member("_revs_info", .array(path.revisions.map { Self.status(of: $0, in: tree) })))
        }
        if options.conflicts { tail.append(contentsOf: Self.list("_conflicts", tree.conflicts)) }
        if options.deletedConflicts { tail.append(contentsOf: Self.list("_deleted_conflicts", tree.deletedConflicts)) }
        if !body.attachments.isEmpty {
            let attachments = body.attachments.map { attachment in
                OrderedJSON.Member(
                    attachment.name, attachment.json(options.isKnown(attachment) ? .stub : options.attachments))
            }
            tail.append(OrderedJSON.Member("_attachments", .object(attachments)))
        }
        return .document(head, body.members, tail)
    }

    /// The newest generation of these revisions among a revision and its ancestors; nil where none is.
    func generation(of revisions: [RevisionID], in id: String, _ revision: RevisionID) -> Int? {
        guard !revisions.isEmpty, let path = documents[id]?.tree.path(to: revision) else { return nil }
        return path.revisions.filter(revisions.contains).map(\.generation).max()
    }

    /// Finds the revision that a request means: the winner, unless one is named.
    func revision(id: String, named revision: RevisionID?) throws(CouchFailure)
        -> RevisionTree<DocumentBody>.Revision
    {
        guard let tree = documents[id]?.tree, let winner = tree.winner else { throw .missing }
        if let revision {
            guard let found = tree[revision], found.body != nil else { throw .missing }
            return found
        }
        guard !winner.isDeleted else { throw .deleted }
        return winner
    }

    /// What `open_revs` and `_bulk_get` find: revisions with bodies, and those that are missing.
    func open(id: String, revisions: [RevisionID], latest: Bool)
        -> [(asked: RevisionID, found: RevisionTree<DocumentBody>.Revision?)]
    {
        let tree = documents[id]?.tree ?? RevisionTree()
        return revisions.flatMap { asked -> [(RevisionID, RevisionTree<DocumentBody>.Revision?)] in
            if latest {
                let leaves = tree.leaves(descendingFrom: asked)
                return leaves.isEmpty ? [(asked, nil)] : leaves.map { (asked, $0) }
            }
            guard let found = tree[asked], found.body != nil else { return [(asked, nil)] }
            return [(asked, found)]
        }
    }

    private static func status(of revision: RevisionID, in tree: RevisionTree<DocumentBody>) -> OrderedJSON {
        let known = tree[revision]
        let status = known?.body == nil ? "missing" : known?.isDeleted == true ? "deleted" : "available"
        return ["rev": .string(revision.description), "status": .string(status)]
    }

    private static func list(_ name: String, _ revisions: [RevisionID]) -> [OrderedJSON.Member] {
        guard !revisions.isEmpty else { return [] }
        return [OrderedJSON.Member(name, .array(revisions.map { .string($0.description) }))]
    }
}
