import CouchDB
import Replication

/// Tells apart, in a comparison of a live source with a backup of a known position, what is missing from what the source has
/// changed behind that position, and is on its way.
package struct LaterChanges: Sendable {
    /// The source's position up to which the backup was filled; nil where it is not known, or the source does not know it.
    private(set) var filledTo: UpdateSequence?
    private let source: CouchDatabase?
    /// Whether a rule says that something may be lost: then a position that the backup was filled to explains nothing.
    private let isSuspected: Bool
    /// More changed documents than these are not told one by one.
    private let limit: Int
    private var changed: ChangedSince?
    private var counts = ComparisonCounts()

    /// - Parameters:
    ///   - source: nil where the source is no live database, so that nothing comes later.
    ///   - filledTo: nil where the backup's position is not known.
    package init(
        source: CouchDatabase?, filledTo: UpdateSequence?, isSuspected: Bool = false,
        limit: Int = ChangedSince.limit
    ) {
        // Without a live source a position of it says nothing.
        (self.source, self.filledTo) = (source, source == nil ? nil : filledTo)
        (self.isSuspected, self.limit) = (isSuspected, limit)
    }

    /// How many differences were explained.
    var count: Int { counts.different }

    /// Whether a difference is one that goes away when the backup catches up.
    ///
    /// - Throws: `ReplicationFailure` where the source can't be asked what has changed.
    package mutating func explain(_ difference: Difference) async throws -> Bool {
        guard let source, let filledTo else { return false }
        if changed == nil {
            // Now, and not before the comparison: what it has read was changed by now.
            changed = try await ReplicationFailure.Side.source.naming { () async throws -> ChangedSince? in
                do {
                    return try await ChangedSince.read(source, since: filledTo, limit: limit)
                } catch let error as CouchError where error.status == 400 {
                    // Its form is that of another version, which was here under this address when the backup was made.
                    return nil
                }
            }
            if changed == nil { self.filledTo = nil }
        }
        guard changed?.mayExplain(difference) == true else { return false }
        counts.count(difference.kind)
        return true
    }

    /// The result as it is for the backup's position, with how many documents have changed behind it.
    package func corrected(_ result: Verification.Result) -> (result: Verification.Result, later: Int) {
        var result = result
        if count > 0, let filledTo, let changed {
            result.counts.missing -= counts.missing
            result.counts.otherLeaves -= counts.otherLeaves
            result.differences.removeAll { changed.mayExplain($0) }
            (result.sequence, result.basis) = (filledTo, nil)
        }
        (result.verdict, result.doubt, result.reason) = verdict(of: result)
        return (result, count)
    }

    private typealias Judgement = (verdict: Verification.Verdict, doubt: Verification.Doubt?, reason: String?)

    /// What a result says that was rid of what is on its way.
    private func verdict(of result: Verification.Result) -> Judgement {
        // Nothing is known of what a comparison has found that failed its own test.
        guard result.level != .counts, result.doubt != .selfTestFailed else {
            return (result.verdict, result.doubt, result.reason)
        }
        // What only the backup has says nothing of what it lacks.
        if result.counts.isEqual || result.counts.isOnlyMore, let doubt = doubt(of: result) { return doubt }
        if count == 0 {
            let isKnownHole = result.doubt == .backupBehind && filledTo != nil && result.counts.different > 0
            return isKnownHole ? (.different, nil, nil) : (result.verdict, result.doubt, result.reason)
        }
        return (result.counts.isEqual ? .equal : .different, nil, nil)
    }

    /// Why it is not known whether the backup has everything.
    private func doubt(of result: Verification.Result) -> Judgement? {
        if count > 0, changed?.isTooMany == true {
            return (
                .unknown, .backupBehind,
                "the backup is too far behind: more than \(limit) documents have changed at the source since"
            )
        }
        if count > 0, isSuspected {
            return (
                .unknown, .backupBehind,
                "the backup is behind: \(Wording.documents(count)) that it lacks may be lost, or on their way; "
                    + "verify again when the replication has caught up"
            )
        }
        if let bodies = result.bodies, bodies.unreadable > 0 {
            return (
                .unknown, .contentUnreadable,
                result.reason ?? "\(Wording.revisions(bodies.unreadable)) could not be read"
            )
        }
        if let hiding = result.away?.hiding { return (.unknown, .nodesAway, hiding) }
        return nil
    }
}
