import CouchDB

/// Compares what both sides tell in a moment: level `counts` of a verification.
struct CountsComparison {
    let source: any ComparableReplica
    let target: any ComparableReplica
    /// Whether `_security` is to be the same on both sides.
    let comparesSecurity: Bool

    struct Outcome {
        var counts = ComparisonCounts()
        /// The design documents that differ.
        var differences: [Difference] = []
        /// Whether `_security` says the same; nil where it was not compared.
        var hasEqualSecurity: Bool?
        /// Where the source's feed ended.
        var sequence = UpdateSequence.zero
        /// What both sides said of themselves; nil where only their numbers were compared.
        var sides: ReplicaDescriptions?

        var isEqual: Bool { counts.isEqual && hasEqualSecurity != false }
    }

    /// - Throws: ``ReplicationFailure`` where one side can't be read; `CancellationError`.
    func run() async throws -> Outcome {
        async let left = ReplicationFailure.Side.source.naming {
            (try await source.describe(), try await source.outline())
        }
        async let right = ReplicationFailure.Side.target.naming {
            (try await target.describe(), try await target.outline())
        }
        let ((from, has), (to, had)) = try await (left, right)
        var outcome = Self.compare(from, to)
        outcome.sides = ReplicaDescriptions(source: from, target: to)
        if comparesSecurity, let security = has.security, let other = had.security {
            outcome.hasEqualSecurity = security == other
        }
        let designs = Set(has.designDocuments).union(had.designDocuments).sorted()
        outcome.differences = try await ReplicaComparator(source, target).differences(of: designs)
        outcome.count(outcome.differences)
        return outcome
    }

    /// What the numbers of documents say.
    static func compare(_ source: ReplicaDescription, _ target: ReplicaDescription) -> Outcome {
        var counts = ComparisonCounts()
        let missing = source.allDocuments - target.allDocuments
        (counts.missing, counts.extra) = (max(0, missing), max(0, -missing))
        // As many, but other ones are deleted.
        if missing == 0 { counts.otherLeaves = abs(source.documentCount - target.documentCount) }
        counts.equal = max(0, source.allDocuments - counts.missing - counts.otherLeaves)
        return Outcome(counts: counts, sequence: source.updateSequence)
    }
}

extension CountsComparison.Outcome {
    /// Adds design documents that differ; the numbers may know of them already.
    mutating func count(_ differences: [Difference]) {
        let all = counts.equal + counts.missing + counts.otherLeaves
        counts.missing = max(counts.missing, differences.count { $0.kind == .missing })
        counts.extra = max(counts.extra, differences.count { $0.kind == .extra })
        counts.otherLeaves = max(counts.otherLeaves, differences.count { $0.kind == .otherLeaves })
        counts.equal = max(0, all - counts.missing - counts.otherLeaves)
    }
}
