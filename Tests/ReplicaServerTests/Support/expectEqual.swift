import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import ReplicaServer

func waitUntilEqual(_ replica: MemoryReplica, _ database: CouchDatabase) async throws {
    #expect(try await eventually { try await leaves(of: database) == leaves(of: replica) })
}

private func leaves(of replica: MemoryReplica) -> [DocumentID: LeafSet] {
    Dictionary(uniqueKeysWithValues: replica.leaves.map { ($0.id, LeafSet($0.revisions)) })
}

private func leaves(of database: CouchDatabase) async throws -> [DocumentID: LeafSet] {
    var leaves: [DocumentID: LeafSet] = [:]
    for try await event in database.changes(ChangesOptions()) {
        if case .row(let row) = event { leaves[DocumentID(row.id)] = row.leafSet }
    }
    return leaves
}

/// Compares leaves, documents and attachments.
///
/// - Parameter isExact: whether attachments must be stored in the same form; else what is read from them must be equal.
func expectEqual(
    _ replica: MemoryReplica, _ database: CouchDatabase, isExact: Bool = true
) async throws {
    let (copied, original) = (try await leaves(of: database), leaves(of: replica))
    for id in Set(copied.keys).union(original.keys) { #expect(copied[id] == original[id], "\(id)") }
    let copy = MemoryReplica()
    let report = try await Replicator(from: CouchReplica(database), to: copy).run()
    #expect(report.refusals.isEmpty)
    try await expectEqual(copy, replica, isExact: isExact)
}

func expectEqual(_ left: MemoryReplica, _ right: MemoryReplica, isExact: Bool = true) async throws {
    let copied = try await content(of: left, isExact: isExact)
    let original = try await content(of: right, isExact: isExact)
    for key in Set(copied.keys).union(original.keys) {
        let texts = [copied[key], original[key]].map { $0?.map { String(decoding: $0, as: UTF8.self) } }
        #expect(copied[key] == original[key], "\(key): \(texts)")
    }
}

/// Everything of every leaf, as JSON without what servers may put elsewhere.
private func content(of replica: MemoryReplica, isExact: Bool) async throws -> [String: [Data]] {
    var content: [String: [Data]] = [:]
    for revision in replica.leafRevisions {
        let document = try JSONValue(parsing: revision.document)
        var bytes = [(isExact ? document : withoutStorage(document)).serialized()]
        for attachment in revision.attachments {
            var pieces = try AttachmentPieces(of: attachment, isDecoded: !isExact)
            var whole = Data()
            while let piece = try await pieces.next() { whole.append(piece) }
            bytes.append(whole)
        }
        content["\(revision.id) \(revision.path.revisions)"] = bytes
    }
    return content
}

/// A document without what depends on the form in which attachments are stored.
private func withoutStorage(_ value: JSONValue) -> JSONValue {
    guard case .object(let members) = value else { return value }
    return .object(
        members.filter { !["digest", "encoding", "encoded_length"].contains($0.key) }.mapValues(withoutStorage))
}
