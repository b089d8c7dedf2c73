import CouchDB

/// Where a comparison of bodies is.
package struct BodyProgress: Sendable, Hashable {
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
}

/// How a comparison of bodies has ended.
package struct BodyReport: Sendable, Hashable {
    /// Documents: those of which all leaf revisions have the same content, and those that differ.
    package var counts = ComparisonCounts()
    /// The position of the source's feed up to which it speaks.
    package var sequence = UpdateSequence.zero
    package var progress = BodyProgress()
    /// Leaf revisions that both sides have handed out and that were compared.
    package var revisions = 0
    /// Leaf revisions that were overtaken at the source before they could be compared.
    package var overtaken = 0
    /// Leaf revisions of the source that are none in the target; a comparison of revisions says why.
    package var absent = 0
    /// Leaf revisions that one side lists and doesn't hand out: their content is lost there.
    package var unreadable = 0
    /// The first of those, with the sides and reasons.
    package var unreadableRevisions: [Unreadable] = []

    package struct Unreadable: Sendable, Hashable {
        package var side: ReplicationFailure.Side
        package var refusal: Refusal
    }

    package init() {}

    /// Whether all content of the share was seen on both sides, apart from what was overtaken meanwhile.
    package var isComplete: Bool { absent == 0 && unreadable == 0 }
}
