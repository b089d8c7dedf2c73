import CouchDB
import Replication

/// A replica that makes its rows up, the same ones each time: what a comparison costs without any server.
struct SyntheticReplica: ComparableReplica {
    /// It holds no documents that could be copied.
    struct HasNoDocuments: Error {}

    let documents: Int
    /// The one that it lacks.
    var missing: Int?

    func describe() async throws -> ReplicaDescription {
        ReplicaDescription(
            name: "synthetic", updateSequence: UpdateSequence(.integer(Int64(documents))), documentCount: documents,
            deletedCount: 0)
    }

    func readLeaves(
        since sequence: UpdateSequence, receive: ([DocumentLeaves], UpdateSequence?) async throws -> Void
    ) async throws -> UpdateSequence {
        for start in stride(from: sequence.value.integer ?? 0, to: documents, by: 1000) {
            let end = min(start + 1000, documents)
            let page = (start..<end).compactMap { $0 == missing ? nil : Self.leaves(of: $0) }
            try await receive(page, UpdateSequence(.integer(Int64(end))))
        }
        return UpdateSequence(.integer(Int64(documents)))
    }

    func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] {
        ids.compactMap { id in
            guard let number = Int(id.text.dropFirst(9)), number != missing else { return nil }
            return Self.leaves(of: number)
        }
    }

    private static func leaves(of number: Int) -> DocumentLeaves {
        let (high, low) = (UInt64(number) &* 0x9e37_79b9_7f4a_7c15, UInt64(number) &* 0xc2b2_ae3d_27d4_eb4f)
        return DocumentLeaves(
            id: DocumentID("document-\(number)"), revisions: [RevisionID(generation: 1, digest: (high, low))])
    }

    func changes(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
        throw HasNoDocuments()
    }
    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        documents.filter { Int($0.id.text.dropFirst(9)) == missing }
    }
    func revisions(_ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void) async throws {
        throw HasNoDocuments()
    }
    func documents(_ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void) async throws {
        throw HasNoDocuments()
    }
    func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult { throw HasNoDocuments() }
    func checkpoint(_ id: String) async throws -> Checkpoint? { nil }
    func record(_ checkpoint: Checkpoint) async throws { throw HasNoDocuments() }
}
