import CouchDB
import Replication

extension VerifiablePair {
    /// What is known of the pair's replication, beyond what both databases say of themselves.
    func context(_ refusals: StoredRefusals) async throws -> ReplicationContext {
        ReplicationContext(
            refusals: try await refusals.all(of: key), part: try await part(), checkpointID: checkpointID,
            user: replicationUser)
    }

    /// What the replication leaves out; a document that can't be read any more explains nothing.
    private func part() async throws -> ReplicationPart? {
        guard let (replicator, id) = partialReplication else { return nil }
        do {
            return try await replicator.document(id).flatMap { ReplicationPart(try ReplicationDocument(answer: $0)) }
        } catch {
            try Task.checkCancellation()
            return nil
        }
    }
}
