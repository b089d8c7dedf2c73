import CouchDB

/// A document that differs between two replicas.
package struct Difference: Sendable, Hashable, Codable {
    /// How it differs.
    package enum Class: String, Sendable, Hashable, Codable, CaseIterable {
        /// The target has nothing of the document.
        case missing
        /// The source has nothing of the document.
        case extra
        /// Both have it, with other leaf revisions.
        case otherLeaves
        /// Both have the same leaf revisions, and the content of one differs.
        case bodyDiffers
        /// Both have the same leaf revisions with the same bodies, and an attachment of one differs.
        case attachmentDiffers
    }

    package var id: DocumentID
    package var kind: Class
    /// The leaf revisions that only the source has.
    package var onlyInSource: [RevisionID]
    /// The leaf revisions that only the target has.
    package var onlyInTarget: [RevisionID]
    /// The revisions that both have, with other content.
    package var revisions: [DifferingRevision] = []
    /// Why, as far as it was looked for and found.
    package var reason: DifferenceReason?

    package init(
        id: DocumentID, kind: Class, onlyInSource: [RevisionID] = [], onlyInTarget: [RevisionID] = []
    ) {
        (self.id, self.kind) = (id, kind)
        (self.onlyInSource, self.onlyInTarget) = (onlyInSource, onlyInTarget)
    }

    /// Compares the leaf revisions of one document; nil where they are the same.
    package init?(id: DocumentID, source: DocumentLeaves?, target: DocumentLeaves?) {
        let (left, right) = (Set(source?.revisions ?? []), Set(target?.revisions ?? []))
        guard left != right else { return nil }
        self.init(
            id: id, kind: right.isEmpty ? .missing : left.isEmpty ? .extra : .otherLeaves,
            onlyInSource: left.subtracting(right).sorted(), onlyInTarget: right.subtracting(left).sorted())
    }
}

/// What a comparison found, in numbers. All of them count documents.
package struct ComparisonCounts: Sendable, Hashable, Codable {
    package var equal = 0
    package var missing = 0
    package var extra = 0
    package var otherLeaves = 0
    package var bodyDiffers = 0
    package var attachmentDiffers = 0

    package init(equal: Int = 0, missing: Int = 0, extra: Int = 0, otherLeaves: Int = 0) {
        (self.equal, self.missing, self.extra, self.otherLeaves) = (equal, missing, extra, otherLeaves)
    }

    /// Whether no difference was found.
    package var isEqual: Bool { different == 0 }

    /// Documents that differ.
    package var different: Int { missing + extra + otherLeaves + bodyDiffers + attachmentDiffers }

    /// Counts a difference.
    package mutating func count(_ kind: Difference.Class) {
        switch kind {
        case .missing: missing += 1
        case .extra: extra += 1
        case .otherLeaves: otherLeaves += 1
        case .bodyDiffers: bodyDiffers += 1
        case .attachmentDiffers: attachmentDiffers += 1
        }
    }
}
