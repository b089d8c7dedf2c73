/// What a pruning would drop. Making a plan changes nothing.
package struct PrunePlan: Sendable, Hashable {
    /// All moments, oldest first.
    package var decisions: [MomentDecision]

    package var dropped: [Moment] { decisions.filter { !$0.isKept }.map(\.moment) }
    package var kept: [Moment] { decisions.filter(\.isKept).map(\.moment) }
}

/// What a pruning did.
package struct PruneResult: Sendable, Hashable {
    package var moments = 0
    /// Leaf rows, documents and attachments that no kept moment shows.
    package var leaves = 0
    package var bodies = 0
    package var attachments = 0
    /// Bytes that the files became smaller by.
    package var freedBytes = 0
}
