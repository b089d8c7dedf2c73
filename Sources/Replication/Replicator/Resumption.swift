import CouchDB

/// Where a run takes up, decided from the checkpoint in the target and its copy in the source.
///
/// The target's checkpoint is the truth of what the target holds: it goes back with the target when that is rolled back.
/// The copy in the source shows whether the source itself has gone back behind it (or was made anew), after which the
/// position would hide changes.
package struct Resumption: Sendable, Hashable {
    /// Why a run starts where it does.
    package enum Cause: String, Sendable, Hashable {
        /// There is no checkpoint.
        case first
        /// The checkpoint holds.
        case resumed
        /// The source is another database than the one that the checkpoint speaks of.
        case sourceReplaced
        /// The source has lost its copy of the checkpoint: it was rolled back, or restored from elsewhere.
        case sourceRolledBack
    }

    /// What the source says of its copy.
    package enum Witness: Sendable, Hashable {
        case found(Checkpoint)
        case absent
        /// The copy may not be read, or is not asked for.
        case unknown
    }

    package var cause: Cause
    package var sequence: UpdateSequence
    /// The checkpoint that the run continues; nil where it starts from the beginning.
    package var previous: Checkpoint?
    /// Whether the source's copy is as new as the checkpoint.
    package var isCopyCurrent = false
    /// What the last run set aside, and this one tries again.
    package var setAside: [Refusal]

    /// - Parameter identity: which database the source is now, where that can be known.
    package init(target: Checkpoint?, witness: Witness, identity: String?) {
        guard let target else {
            self.init(cause: .first)
            return
        }
        if let identity, let known = target.sourceIdentity, identity != known {
            self.init(cause: .sourceReplaced)
            return
        }
        var sequence = target.sequence
        var isCopyCurrent = false
        switch witness {
        case .found(let copy) where copy.session == target.session:
            // Either the run ended between the two writes, or the source went back a little. The older one suits both.
            if copy.number < target.number { sequence = copy.sequence }
            isCopyCurrent = copy.number == target.number
        case .found, .absent:
            guard !target.isWitnessed else {
                self.init(cause: .sourceRolledBack)
                return
            }
        case .unknown:
            break
        }
        self.init(cause: .resumed, sequence: sequence, previous: target)
        self.isCopyCurrent = isCopyCurrent
    }

    private init(cause: Cause, sequence: UpdateSequence = .zero, previous: Checkpoint? = nil) {
        self.cause = cause
        self.sequence = sequence
        self.previous = previous
        setAside = previous?.setAside ?? []
    }
}
