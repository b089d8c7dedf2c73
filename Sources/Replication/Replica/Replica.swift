import CouchDB

/// A database that can take part in replication.
///
/// All functions may be called from several tasks at a time. They may be repeated: taking the same revisions twice changes
/// nothing more. A failed call throws; what may pass by itself is a `CouchError` (see ``FailureKind``), everything else ends
/// the run.
package protocol Replica: Sendable {
    /// What the replica says of itself now.
    func describe() async throws -> ReplicaDescription

    /// The next changes behind a position, oldest first: of each document that has changed, all leaf revisions.
    ///
    /// A page is whole, or an error is thrown: a feed that was cut off never looks like one that has ended. Documents may
    /// repeat from page to page.
    ///
    /// - Parameters:
    ///   - limit: the largest number of documents, which a replica may stay below without being at its end.
    ///   - patience: how long to wait for a change where there is none; nil to return an empty page at once.
    func changes(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch

    /// Which of these revisions the replica does not know, neither as leaf nor as ancestor.
    ///
    /// - Returns: the documents of which it lacks something, in the given order, with what it lacks.
    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves]

    /// Hands out revisions with their history and attachments, in any order.
    ///
    /// Each wanted revision is answered exactly once. Where the call throws, those that were not answered before may be
    /// asked for again.
    ///
    /// - Parameter receive: takes the answers one by one; while it waits, nothing further is read.
    func revisions(
        _ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void
    ) async throws

    /// Takes in revisions exactly as they are.
    ///
    /// When the call returns, everything that was not refused is durable. Then, and only if nothing was refused, the
    /// checkpoint is durable too; a vault commits both in one transaction. Where the call throws, it is unknown which
    /// revisions were taken, and the checkpoint was not recorded before them.
    ///
    /// - Parameter checkpoint: speaks of these revisions and of others that are stored already.
    func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult

    /// The checkpoint with this id, nil where there is none.
    func checkpoint(_ id: String) async throws -> Checkpoint?

    /// Records a checkpoint in the place of the one with the same id; it is durable when the call returns.
    func record(_ checkpoint: Checkpoint) async throws

    /// How many calls of ``store(_:checkpoint:)`` the replica profits from at a time; 1 for one with a single writer.
    var concurrentStores: Int { get }
    /// How many calls of ``revisions(_:receive:)`` the replica profits from at a time.
    var concurrentFetches: Int { get }
    /// Whether a checkpoint costs nothing where it is stored together with revisions.
    var storesCheckpointsWithData: Bool { get }
}

extension Replica {
    package var concurrentStores: Int { 1 }
    package var concurrentFetches: Int { 1 }
    package var storesCheckpointsWithData: Bool { false }
}
