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

    /// What the target shows of a document of which it has all leaf revisions that the source has, and others besides.
    package enum Surplus: String, Sendable, Hashable, Codable {
        /// What the source shows.
        case losing
        /// One of those that only the target has.
        case winning
    }

    package var id: DocumentID
    package var kind: Class
    /// The leaf revisions that only the source has.
    package var onlyInSource: [RevisionID]
    /// The leaf revisions that only the target has.
    package var onlyInTarget: [RevisionID]
    /// The revisions that both have, with other content.
    package var revisions: [DifferingRevision] = []
    /// Set where the target lacked no leaf revision when all were seen, and has others besides.
    package var surplus: Surplus?
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
        if !left.isEmpty, left.isSubset(of: right) {
            // The winner comes first.
            surplus = source?.revisions.first == target?.revisions.first ? .losing : .winning
        }
    }

    /// Whether the target lacks nothing any more, and has something that the source does not know.
    var mayBeSurplus: Bool {
        kind == .otherLeaves && surplus == nil && onlyInSource.isEmpty && !onlyInTarget.isEmpty
    }

    /// Notes whether what only the target has lies beside what the source has, and not on top of it.
    ///
    /// - Parameters:
    ///   - current: the leaf revisions of the source now, the winner first; the target may be some edits behind them.
    ///   - held: those of the target.
    mutating func noteSurplus(_ current: DocumentLeaves, _ held: DocumentLeaves) {
        let own = Set(onlyInTarget)
        guard held.revisions.count(where: { !own.contains($0) }) >= current.revisions.count else { return }
        surplus = held.revisions.first.map(own.contains) ?? false ? .winning : .losing
    }
}

/// What a comparison found, in numbers. All of them count documents.
package struct ComparisonCounts: Sendable, Hashable, Codable {
    package var equal = 0
    package var missing = 0
    package var extra = 0
    package var otherLeaves = 0
    /// Those of them of which the target lacks nothing, and has more; nil for none, as in records of older runs.
    package var extraLeaves: Int?
    /// Those of these that the target shows otherwise than the source.
    package var winningLeaves: Int?
    /// Those of the others of which the target lacks no revision either, and holds an edit of its own in the place of
    /// one of the source; nil for none, as in records of older runs.
    package var overwrittenLeaves: Int?
    package var bodyDiffers = 0
    package var attachmentDiffers = 0

    package init(equal: Int = 0, missing: Int = 0, extra: Int = 0, otherLeaves: Int = 0) {
        (self.equal, self.missing, self.extra, self.otherLeaves) = (equal, missing, extra, otherLeaves)
    }

    /// Whether no difference was found.
    package var isEqual: Bool { different == 0 }

    /// Documents that differ.
    package var different: Int { missing + extra + otherLeaves + bodyDiffers + attachmentDiffers }

    /// Documents of which the target lacks a leaf revision.
    package var lacking: Int { missing + otherLeaves - (extraLeaves ?? 0) }

    /// Whether all that differs is that the target has more.
    package var isOnlyMore: Bool { different > 0 && different == extra + (extraLeaves ?? 0) }

    /// Whether all that differs comes of what only the target has: there is nothing to copy, though what the source
    /// shows may be hidden there.
    package var isOnlyOfTarget: Bool {
        different > 0 && different == extra + (extraLeaves ?? 0) + (overwrittenLeaves ?? 0)
    }

    /// Counts a difference, and what it says of the target's leaf revisions.
    package mutating func count(_ difference: Difference) {
        count(difference.kind)
        if difference.mayBeSurplus { overwrittenLeaves = (overwrittenLeaves ?? 0) + 1 }
        guard difference.kind == .otherLeaves, let surplus = difference.surplus else { return }
        extraLeaves = (extraLeaves ?? 0) + 1
        if surplus == .winning { winningLeaves = (winningLeaves ?? 0) + 1 }
    }

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
