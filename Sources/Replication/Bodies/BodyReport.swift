import CouchDB

/// Where a comparison of bodies is.
package struct BodyProgress: Sendable, Hashable, Codable {
    /// Documents that the source told of at the start.
    package var expected = 0
    /// Rows of the source's feed that were read.
    package var rows = 0
    /// Documents of those that belong to the share.
    package var chosen = 0
    /// Documents of those that were compared.
    package var compared = 0
    /// The bytes of documents that both sides have sent.
    package var bytes = 0

    package init() {}

    mutating func add(_ other: BodyProgress) {
        rows += other.rows
        chosen += other.chosen
        compared += other.compared
        bytes += other.bytes
    }
}

/// How a comparison of bodies has ended, or how far it has come: a checkpoint is the report so far.
package struct BodyReport: Sendable, Hashable, Codable {
    /// Documents: those of which all leaf revisions have the same content, and those that differ.
    package var counts = ComparisonCounts()
    /// The position of the source's feed up to which it speaks.
    package var sequence = UpdateSequence.zero
    package var progress = BodyProgress()
    /// Leaf revisions that both sides have handed out and that were compared.
    package var revisions = 0
    /// What those say of themselves.
    package var proofs = ProofCounts()
    /// Leaf revisions that were overtaken at the source before they could be compared.
    package var overtaken = 0
    /// Leaf revisions of the source that are none in the target; a comparison of revisions says why.
    package var absent = 0
    /// Leaf revisions that one side lists and doesn't hand out: their content is lost there.
    package var unreadable = 0
    /// The first of those, with the sides and reasons.
    package var unreadableRevisions: [Unreadable] = []

    package struct Unreadable: Sendable, Hashable, Codable {
        package var side: ReplicationFailure.Side
        package var refusal: Refusal
    }

    private static let namedUnreadable = 100

    package init() {}

    /// Whether all content of the share was seen on both sides, apart from what was overtaken meanwhile.
    package var isComplete: Bool { absent == 0 && unreadable == 0 }

    /// Notes what became of the leaf revisions of one document.
    mutating func count(_ verdicts: [BodyVerdict]) {
        progress.compared += 1
        if verdicts.allSatisfy(\.isEqual) { counts.equal += 1 }
        for verdict in verdicts {
            switch verdict {
            case .equal(let proof):
                revisions += 1
                proofs.count(proof)
            case .differs(let revision):
                revisions += 1
                proofs.count(revision)
            case .gone(.source): overtaken += 1
            case .gone(.target): absent += 1
            case .unreadable(let side, let refusal), .notGiven(let side, let refusal):
                unreadable += 1
                guard unreadableRevisions.count < Self.namedUnreadable else { continue }
                unreadableRevisions.append(Unreadable(side: side, refusal: refusal))
            // Settled before.
            case .doubtful: break
            }
        }
    }

    /// Adds what was found in a further part of the feed.
    mutating func add(_ other: BodyReport) {
        counts.equal += other.counts.equal
        progress.add(other.progress)
        revisions += other.revisions
        proofs.add(other.proofs)
        overtaken += other.overtaken
        absent += other.absent
        unreadable += other.unreadable
        unreadableRevisions += other.unreadableRevisions.prefix(
            max(0, Self.namedUnreadable - unreadableRevisions.count))
    }
}
