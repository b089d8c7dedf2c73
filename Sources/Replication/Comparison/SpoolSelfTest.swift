import CouchDB
import Foundation

/// Documents that exist nowhere, planted into the files of a comparison: one that only the source has, one that only the
/// target has, and one with other leaf revisions. All three have to be found, or the comparison could not have found a real
/// difference either.
struct SpoolSelfTest: Sendable, Hashable, Codable {
    let onlyInSource: DocumentID
    let onlyInTarget: DocumentID
    let inBoth: DocumentID

    init() {
        func id() -> DocumentID { DocumentID("couchkeep-self-test-\(UUID().uuidString)") }
        (onlyInSource, onlyInTarget, inBoth) = (id(), id(), id())
    }

    /// What the source's file is to hold.
    var source: [DocumentLeaves] { [Self.document(onlyInSource, 1), Self.document(inBoth, 1)] }
    /// What the target's file is to hold.
    var target: [DocumentLeaves] { [Self.document(onlyInTarget, 1), Self.document(inBoth, 2)] }

    /// Takes out of the candidates what was planted, and notes which of it was found.
    func remove(from candidates: inout [PartitionJoin.Candidate], found: inout Set<PartitionJoin.Candidate>) {
        let planted = candidates.filter { expected.contains($0) }
        guard !planted.isEmpty else { return }
        found.formUnion(planted)
        candidates.removeAll { expected.contains($0) }
    }

    /// Whether all was found.
    func isPassed(_ found: Set<PartitionJoin.Candidate>) -> Bool { found == expected }

    private var expected: Set<PartitionJoin.Candidate> {
        [
            PartitionJoin.Candidate(side: .onlyInSource, id: onlyInSource),
            PartitionJoin.Candidate(side: .onlyInTarget, id: onlyInTarget),
            PartitionJoin.Candidate(side: .inBoth, id: inBoth),
        ]
    }

    private static func document(_ id: DocumentID, _ generation: Int) -> DocumentLeaves {
        DocumentLeaves(
            id: id, revisions: [RevisionID(generation: generation, hash: String(repeating: "0", count: 32))])
    }
}
