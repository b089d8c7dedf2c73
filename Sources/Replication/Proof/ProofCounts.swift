/// How many revisions were proved against their own identities, and how many could not be.
package struct ProofCounts: Sendable, Hashable, Codable {
    /// The identity is the hash of the content.
    package var proved = 0
    /// The identity is the hash of the body, and covers no attachments.
    package var bodyProved = 0
    /// Neither can be said, by reason.
    package var notProvable: [RevisionProof.Reason: Int] = [:]
    /// The source's content is not what the identity was made of, and the target's is.
    package var damagedSource = 0
    /// The target's content is not what the identity was made of, and the source's is.
    package var damagedTarget = 0

    package init() {}

    /// All that could not be judged.
    package var unproved: Int { notProvable.values.reduce(0, +) }

    /// Counts content by itself, or content that both sides have.
    package mutating func count(_ proof: RevisionProof) {
        switch proof {
        case .proved: proved += 1
        case .bodyProved: bodyProved += 1
        case .notProvable(let reason): notProvable[reason, default: 0] += 1
        // Content that both sides have is never called damaged.
        case .damaged: break
        }
    }

    /// Counts content that differs.
    mutating func count(_ revision: DifferingRevision) {
        switch (revision.source, revision.target) {
        case (.damaged, _): damagedSource += 1
        case (_, .damaged): damagedTarget += 1
        case (let proof, _): count(proof)
        }
    }

    package mutating func add(_ other: ProofCounts) {
        proved += other.proved
        bodyProved += other.bodyProved
        notProvable.merge(other.notProvable, uniquingKeysWith: +)
        damagedSource += other.damagedSource
        damagedTarget += other.damagedTarget
    }
}
