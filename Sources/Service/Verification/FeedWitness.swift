import CouchDB
import Replication

/// The newest changes of both sides of a pair, by which it is known later that neither was put back to an older state since.
///
/// A side that was put back has lost the newest of them, however far its feed has grown again.
package struct FeedWitness: Sendable, Hashable, Codable {
    private var source: [ChangedDocument]
    /// Empty where the backup is in the vault, which is never put back unseen.
    private var target: [ChangedDocument]

    /// Takes down what the sides have now.
    static func take(_ source: CouchDatabase, _ target: CouchDatabase?) async throws -> FeedWitness {
        async let left = source.newestChanges()
        async let right = target?.newestChanges()
        return FeedWitness(source: try await left, target: try await right ?? [])
    }

    /// Whether both sides still know what they had.
    func holds(for source: CouchDatabase, _ target: CouchDatabase?) async throws -> Bool {
        async let left = Self.knows(self.source, source)
        async let right = Self.knows(self.target, target)
        return try await (left, right) == (true, true)
    }

    private static func knows(_ rows: [ChangedDocument], _ database: CouchDatabase?) async throws -> Bool {
        guard let database, !rows.isEmpty else { return true }
        let leaves = rows.map { row in
            DocumentLeaves(id: DocumentID(row.id), revisions: row.revisions.compactMap { RevisionID($0) })
        }
        return try await CouchReplica(database).missing(leaves).isEmpty
    }
}
