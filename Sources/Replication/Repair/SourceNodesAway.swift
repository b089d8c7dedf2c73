import CouchDB

/// Why nothing that only a target has is removed from it: nodes with copies of its source are away, and may have it.
package struct SourceNodesAway: Error, Sendable, Hashable, CustomStringConvertible {
    package static let code = "nodes-away"

    /// Which nodes, in words.
    package let summary: String

    package var description: String {
        "nothing is removed from the target: \(summary), and may have what only the target seems to have. It can be done "
            + "once all nodes of the source are back, or those that were taken out of its cluster have no shard of it any more"
    }

    /// Asks a source that is a database of a server.
    ///
    /// Any node counts, however many copies are left: what few copies took while others were away is on those alone.
    ///
    /// - Throws: ``SourceNodesAway``; ``ReplicationFailure`` where the source doesn't answer; `CancellationError`.
    package static func expectNone(of source: any Replica) async throws {
        guard let database = (source as? CouchReplica)?.database else { return }
        let summary: String? = try await ReplicationFailure.Side.source.naming {
            if let summary = try await database.server.knownMembership()?.missingSummary { return summary }
            // One that was taken out of the cluster may have copies of the database all the same.
            return try await database.nodesAway(try await database.info().copyCounts)?.summary
        }
        if let summary { throw SourceNodesAway(summary: summary) }
    }
}
