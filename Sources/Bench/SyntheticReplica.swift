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
            guard let number = Self.number(of: id), number != missing else { return nil }
            return Self.leaves(of: number)
        }
    }

    // Ids of 32 digits, as CouchDB gives them, whatever the number: shorter ones cost less.
    private static let prefix = "6e1295ed6c29495e54cc05947f"
    private static let firstNumber = 0x10_0000

    private static func number(of id: DocumentID) -> Int? {
        Int(id.text.dropFirst(prefix.count), radix: 16).map { $0 - firstNumber }
    }

    private static func leaves(of number: Int) -> DocumentLeaves {
        let (high, low) = (UInt64(number) &* 0x9e37_79b9_7f4a_7c15, UInt64(number) &* 0xc2b2_ae3d_27d4_eb4f)
        return DocumentLeaves(
            id: DocumentID(prefix + String(firstNumber + number, radix: 16)),
            revisions: [RevisionID(generation: 1, digest: (high, low))])
    }

    func changes(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
        throw HasNoDocuments()
    }
    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        documents.filter { Self.number(of: $0.id) == missing }
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
