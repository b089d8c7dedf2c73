import CouchDB
import Replication

/// Tells apart, in a comparison of a live source with a backup of a known position, what is missing from what the source has
/// changed behind that position.
package struct LaterChanges: Sendable {
    private let source: CouchDatabase?
    private let filledTo: UpdateSequence?
    private var changed: ChangedSince?
    private var counts = ComparisonCounts()

    /// - Parameters:
    ///   - source: nil where the source is no live database, so that nothing comes later.
    ///   - filledTo: nil where the backup's position is not known.
    package init(source: CouchDatabase?, filledTo: UpdateSequence?) {
        (self.source, self.filledTo) = (source, filledTo)
    }

    /// Whether a difference is one that the next backup brings.
    ///
    /// - Throws: `ReplicationFailure` where the source can't be asked what has changed.
    package mutating func explain(_ difference: Difference) async throws -> Bool {
        guard let source, let filledTo else { return false }
        let changed: ChangedSince
        if let known = self.changed {
            changed = known
        } else {
            changed = try await ReplicationFailure.Side.source.naming {
                try await ChangedSince.read(source, since: filledTo)
            }
            self.changed = changed
        }
        guard changed.mayExplain(difference) else { return false }
        counts.count(difference.kind)
        return true
    }

    /// The result as it is for the backup's position, with how many documents have changed behind it.
    package func corrected(_ result: Verification.Result) -> (result: Verification.Result, later: Int) {
        guard counts.different > 0, let filledTo, let changed, result.doubt != .selfTestFailed else {
            return (result, 0)
        }
        var result = result
        result.counts.missing -= counts.missing
        result.counts.otherLeaves -= counts.otherLeaves
        result.differences.removeAll { changed.mayExplain($0) }
        (result.sequence, result.basis) = (filledTo, nil)
        guard result.counts.isEqual else { return (result, counts.different) }
        if changed.isTooMany {
            (result.verdict, result.doubt) = (.unknown, .backupBehind)
            result.reason =
                "the backup is too far behind: more than \(ChangedSince.limit) documents have changed at the source since"
        } else if let bodies = result.bodies, bodies.unreadable > 0 {
            (result.verdict, result.doubt) = (.unknown, .contentUnreadable)
            result.reason = "\(bodies.unreadable) revisions could not be read"
        } else {
            (result.verdict, result.doubt, result.reason) = (.equal, nil, nil)
        }
        return (result, counts.different)
    }
}
