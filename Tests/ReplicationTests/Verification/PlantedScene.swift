import CouchDB
import Crypto
import Foundation
import Testing

@testable import Replication

/// A source and a target on one server, with differences of each class planted after both were equal.
struct PlantedScene: Sendable {
    let source: CouchDatabase
    let target: CouchDatabase
    /// How many documents of each class differ.
    let count: Int

    var left: CouchReplica { CouchReplica(source) }
    var right: CouchReplica { CouchReplica(target) }

    /// Documents of each class have their own names: `missing-0`, `extra-0`, …
    static let names = [
        "equal", "missing", "refused", "lostConflict", "purged", "behind", "ahead", "branch", "body", "attachment",
    ]

    static func make(on connection: ServerConnection, count: Int) async throws -> PlantedScene {
        let scene = PlantedScene(
            source: connection.database("source"), target: connection.database("target"), count: count)
        try await scene.source.create()
        try await scene.target.create()
        return scene
    }

    private func ids(_ name: String) -> [String] { (0..<count).map { "\(name)-\($0)" } }

    /// Fills the source.
    func fill() async throws {
        let memory = MemoryReplica()
        for name in Self.names {
            for id in ids(name) {
                try memory.edit(
                    DocumentID(id), members: #""kind":"\#(name)""#,
                    attachments: name == "attachment" ? [("a.bin", "image/png", Data(id.utf8))] : [])
            }
        }
        for number in 0..<300 { try memory.edit(DocumentID("plain-\(number)"), members: #""n":\#(number)"#) }
        #expect(try await left.store(memory.leafRevisions, checkpoint: nil).refusals == [])
    }

    /// Plants the differences; the replication must have copied all before.
    func plant() async throws {
        for id in ids("missing") + ids("refused") + ids("lostConflict") { try await purge(id, in: target) }
        for id in ids("lostConflict") {
            // The target has one of two leaves.
            try await store([#"{"_id":"\#(id)","_rev":"1-\#(Self.digits("a"))","c":1}"#], in: left)
            try await store([#"{"_id":"\#(id)","_rev":"1-\#(Self.digits("a"))","c":1}"#], in: right)
        }
        for id in ids("purged") { try await purge(id, in: source) }
        for id in ids("extra") { _ = try await target.putDocument(id, members: ["stray": true]) }
        for id in ids("ahead") { try await edit(id, in: target, value: 1) }
        for id in ids("branch") {
            try await edit(id, in: source, value: 2)
            // Not by the replication, which would bring the source's leaf too.
            try await edit(id, in: target, value: 3)
        }
        for name in ["body", "attachment"] {
            for id in ids(name) { try await damage(id, isBody: name == "body") }
        }
    }

    /// What a verification has to find, by id.
    func expected(level: Verification.Level) -> [DocumentID: Difference.Class] {
        let classes: [(String, Difference.Class)] =
            [
                ("missing", .missing), ("refused", .missing), ("lostConflict", .otherLeaves), ("purged", .extra),
                ("extra", .extra), ("ahead", .otherLeaves), ("branch", .otherLeaves),
            ] + (level == .bodies ? [("body", .bodyDiffers), ("attachment", .attachmentDiffers)] : [])
        return Dictionary(
            uniqueKeysWithValues: classes.flatMap { name, kind in ids(name).map { (DocumentID($0), kind) } })
    }

    private func edit(_ id: String, in database: CouchDatabase, value: Int64) async throws {
        let revision = try #require(try await database.document(id)?["_rev"]?.string)
        _ = try await database.putDocument(id, members: ["_rev": .string(revision), "value": .integer(value)])
    }

    private func purge(_ id: String, in database: CouchDatabase) async throws {
        let leaves = try await CouchReplica(database).leaves(of: [DocumentID(id)]).flatMap(\.revisions)
        let purged = try await database.purge([id: leaves.map(\.description)])
        #expect(purged[id]?.count == leaves.count)
    }

    private func store(_ documents: [String], in replica: CouchReplica) async throws {
        let revisions = try documents.map { try Revision(document: Data($0.utf8)) }
        #expect(try await replica.store(revisions, checkpoint: nil).refusals == [])
    }

    /// Puts other content under the same revision into the target.
    private func damage(_ id: String, isBody: Bool) async throws {
        let leaves = try await right.leaves(of: [DocumentID(id)])
        var revisions: [Revision] = []
        try await left.revisions(leaves) { answer in
            if case .given(let given) = answer.outcome { revisions += given }
        }
        try await purge(id, in: target)
        var content = PlantedContent(revisions)
        if isBody { try content.plantBodies() } else { try content.plantAttachments() }
        #expect(try await right.store(content.revisions, checkpoint: nil).refusals == [])
    }

    private static func digits(_ digit: Character) -> String { String(repeating: digit, count: 32) }
}
