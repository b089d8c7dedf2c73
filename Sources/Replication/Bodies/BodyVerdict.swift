import CouchDB

/// What became of one revision.
enum BodyVerdict: Sendable, Hashable {
    /// Both sides have the same content, which says this of itself.
    case equal(RevisionProof)
    case differs(DifferingRevision)
    /// That side has it no more as a leaf: overtaken by another one, or purged; or the target lacks it.
    case gone(ReplicationFailure.Side)
    /// That side lists it and doesn't hand it out.
    case unreadable(ReplicationFailure.Side, Refusal)
    /// To be looked at again.
    case doubtful
    /// That side did not give it; whether it has it is to be asked.
    case notGiven(ReplicationFailure.Side, Refusal)

    var isEqual: Bool { if case .equal = self { true } else { false } }

    func isNotGiven(by side: ReplicationFailure.Side) -> Bool {
        if case .notGiven(side, _) = self { true } else { false }
    }
}
