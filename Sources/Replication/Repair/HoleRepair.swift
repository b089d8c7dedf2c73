import CouchDB

/// Copies exactly the leaf revisions that a verification has found missing, with history and attachments.
package struct HoleRepair: Sendable {
    /// How a repair has ended.
    package struct Report: Sendable {
        package var copied = 0
        /// What the target did not take, or the source did not hand out, by name and reason.
        package var refusals: [Refusal] = []
        /// What was damaged of the target's own records and is not used any more, in words; nil where nothing was.
        package var damage: String?
        /// The documents that still lack a revision of the source.
        package var remaining: [Difference] = []
    }

    private let source: any ComparableReplica
    private let target: any ComparableReplica

    package init(_ source: any ComparableReplica, _ target: any ComparableReplica) {
        (self.source, self.target) = (source, target)
    }

    /// Copies what the target lacks of these documents, and looks again.
    ///
    /// Revisions that only the target has stay.
    ///
    /// - Throws: ``ReplicationFailure``; `CancellationError`. It can be run again at any time.
    package func run(_ differences: [Difference]) async throws -> Report {
        var report = Report()
        let wanted = differences.filter { !$0.onlyInSource.isEmpty }
        for start in stride(from: 0, to: wanted.count, by: Self.together) {
            let part = wanted[start..<min(start + Self.together, wanted.count)]
            let result = try await Replicator(from: source, to: target).copy(
                part.map { DocumentLeaves(id: $0.id, revisions: $0.onlyInSource) })
            report.copied += result.counts.revisionsStored
            report.refusals += result.refusals
            let lacking = try await ReplicationFailure.Side.target.naming {
                try await target.missing(part.map { DocumentLeaves(id: $0.id, revisions: $0.onlyInSource) })
            }
            report.remaining += lacking.map {
                Difference(id: $0.id, kind: .missing, onlyInSource: $0.revisions)
            }
        }
        if let database = target as? CouchReplica, report.copied > 0 { try await database.commitDelayed() }
        return report
    }

    private static let together = 1000
}
