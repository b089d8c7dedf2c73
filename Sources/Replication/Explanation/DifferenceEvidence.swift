import CouchDB

/// What is known of one side as a whole; nil where the server does not tell.
package struct SideEvidence: Sendable, Hashable {
    /// The user as whom the replication writes; where that is not known, the one that the side takes us for.
    package var user: String?
    /// Whether that is somebody else than we are, whose rights may not be known.
    package var isOtherUser = false
    /// The design documents that have a `validate_doc_update`.
    package var validating: [String]?
    /// Whether the user is an admin of the server or of the database.
    package var mayWriteDesignDocuments: Bool?
    /// The largest body in bytes.
    package var maximumDocumentSize: Int?
    /// The largest attachment in bytes.
    package var maximumAttachmentSize: Int?
    /// Whether anything was ever purged.
    package var hasPurges: Bool?
    /// When the database was made, in seconds (3.3 and later).
    package var madeAt: Int?

    package init() {}
}

/// What is known of one document that differs.
package struct DifferenceEvidence: Sendable, Hashable {
    /// Where the target's extra revisions come from.
    package enum Lineage: Sendable, Hashable {
        /// The source tells that it has purged them.
        case purged
        /// They descend from a leaf of the source.
        case followsLeaf
        /// They descend from a revision that is no leaf of the source any more.
        case branches
        /// The source knows nothing of their history, and its own history of the document begins later, at this generation.
        case beforeHistory(Int)
        /// The source knows nothing of their history.
        case unknown
    }

    package var source = SideEvidence()
    package var target = SideEvidence()
    /// What the target has said when the document was to be stored.
    package var refusal: Refusal?
    /// Whether the replication leaves the document out.
    package var isFiltered: Bool?
    /// What else restricts the replication, where nobody can tell from here whether it leaves the document out.
    package var filters: [String] = []
    /// The bytes of the largest missing revision's body, without what CouchDB keeps outside of it.
    package var bodySize: Int?
    /// The bytes of its largest attachment.
    package var attachmentSize: Int?
    /// The least that holds for all extra revisions; nil where they could not be asked for.
    package var lineage: Lineage?
    /// Which side's checkpoint says that it was set back.
    package var rollback: ReplicationFailure.Side?

    package init() {}

    /// Whether the source is known to have been made after the target.
    package var isSourceYounger: Bool {
        guard let source = source.madeAt, let target = target.madeAt else { return false }
        return source > target
    }
}

extension DifferenceEvidence {
    /// Which side was set back, judged by the two copies of a replicator's checkpoint: the one whose newest session is an
    /// older one of the other's, or that has none at all; or within one session, which writes both one after the other, the
    /// one that has come less far.
    ///
    /// Elsewhere sequences are not compared: their numbers are no order.
    package static func rollback(source: JSONValue?, target: JSONValue?) -> ReplicationFailure.Side? {
        func sessions(_ log: JSONValue?) -> [String] {
            log?["history"]?.array?.compactMap { $0["session_id"]?.string } ?? []
        }
        let (left, right) = (sessions(source), sessions(target))
        switch (left.first, right.first) {
        case (nil, nil): return nil
        case (_?, nil): return .target
        case (nil, _?): return .source
        case (let newest?, let other?):
            if newest == other { return behind(source, target) }
            if left.dropFirst().contains(other) { return .target }
            if right.dropFirst().contains(newest) { return .source }
            return nil
        }
    }

    /// Which of two logs of one session has not come as far as the other.
    private static func behind(_ source: JSONValue?, _ target: JSONValue?) -> ReplicationFailure.Side? {
        func number(_ log: JSONValue?) -> Int? {
            log?["source_last_seq"].flatMap { UpdateSequence($0).displayNumber }
        }
        guard let left = number(source), let right = number(target), left != right else { return nil }
        return left < right ? .source : .target
    }

    /// Where a revision comes from.
    ///
    /// - Parameters:
    ///   - path: its history at the target.
    ///   - known: which of its ancestors the source knows.
    ///   - leaves: the source's leaves of the document.
    ///   - purged: what the source tells to have purged of it.
    ///   - oldest: the first generation in the history of each of the source's leaves.
    package static func lineage(
        of path: RevisionPath, known: Set<RevisionID>, leaves: Set<RevisionID>, purged: Set<RevisionID>,
        oldest: [Int] = []
    ) -> Lineage {
        if purged.contains(path.leaf) { return .purged }
        if let ancestor = path.revisions.dropFirst().first(where: { known.contains($0) }) {
            return leaves.contains(ancestor) ? .followsLeaf : .branches
        }
        return oldest.filter { $0 > path.leaf.generation }.min().map { .beforeHistory($0) } ?? .unknown
    }
}
