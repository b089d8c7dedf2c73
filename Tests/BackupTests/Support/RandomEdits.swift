import Foundation
import NIOCore
import Replication

@testable import CouchDB

/// Random operations on a database over HTTP, as users, other servers and administrators do them.
struct RandomEdits {
    private struct Leaf {
        var revision: RevisionID
        var isDeleted: Bool
    }

    private var random: SeededGenerator
    private let ids: [String]
    private var count = 0

    init(seed: UInt64, documents: Int = 14) {
        random = SeededGenerator(seed: seed)
        ids = ["a/b", "a+b", "100%", "grün", "🛋", "_design/x", "\"q\" s"] + (0..<documents).map { "document-\($0)" }
    }

    /// Does so many operations.
    mutating func run(_ operations: Int, on database: CouchDatabase) async throws {
        for _ in 0..<operations { try await step(on: database) }
    }

    private mutating func step(on database: CouchDatabase) async throws {
        count += 1
        let id = ids[Int.random(in: 0..<ids.count, using: &random)]
        let leaves = try await Self.leaves(of: id, in: database)
        let live = leaves.filter { !$0.isDeleted }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40:
            try await write(id, on: live.randomElement(using: &random)?.revision, to: database)
        case 40..<55:
            try await conflict(id, with: leaves.randomElement(using: &random)?.revision, in: database)
        case 55..<70:
            guard let victim = live.randomElement(using: &random) else { return }
            _ = try await database.deleteDocument(id, revision: victim.revision.description)
        case 70..<76:
            guard live.isEmpty else { return }
            try await write(id, on: nil, to: database)
        case 76..<86:
            try await write(
                id, on: live.randomElement(using: &random)?.revision, to: database, attachments: attachments())
        case 86..<94:
            guard let victim = leaves.randomElement(using: &random) else { return }
            _ = try await database.purge([id: [victim.revision.description]])
        case 94..<97:
            _ = try await database.server.json(.post, [database.name, "_compact"], body: [:])
        default:
            try await database.setSecurity([
                "members": ["names": [.string("user \(count)")], "roles": []], "admins": ["names": [], "roles": []],
            ])
        }
    }

    private mutating func write(
        _ id: String, on revision: RevisionID?, to database: CouchDatabase, attachments: String = ""
    ) async throws {
        let parent = (revision.map { #","_rev":"\#($0)""# } ?? "") + attachments
        try await bulk(#"{"docs":[{"_id":\#(Self.quoted(id))\#(parent),\#(members())}]}"#, to: database)
    }

    private mutating func attachments() -> String {
        let entries = (0..<Int.random(in: 1...3, using: &random)).map { number in
            let size = [0, 10, 3000, 140_000][Int.random(in: 0..<4, using: &random)]
            let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* (count + number)) })
            return #""file \#(number)é":{"content_type":"image/png","data":"\#(bytes.base64EncodedString())"}"#
        }
        return #","_attachments":{\#(entries.joined(separator: ","))}"#
    }

    /// A leaf beside the others, as another server brings it.
    private mutating func conflict(_ id: String, with leaf: RevisionID?, in database: CouchDatabase) async throws {
        let hash = (0..<32).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }.joined()
        let start = max(1, (leaf?.generation ?? 0) + Int.random(in: -1...1, using: &random))
        let document =
            #"{"_id":\#(Self.quoted(id)),"_revisions":{"start":\#(start),"ids":["\#(hash)"]},"_rev":"\#(start)-\#(hash)",\#(members())}"#
        _ = try await database.bulkDocuments([Data(document.utf8)])
    }

    private func bulk(_ text: String, to database: CouchDatabase) async throws {
        let request = CouchRequest(
            .post, [database.name, "_bulk_docs"],
            body: .bytes(ByteBuffer(string: text), contentType: "application/json"))
        let rows = try await database.server.answer(to: request).json(request: "_bulk_docs").array ?? []
        // After purges CouchDB calls some edits conflicts: then nothing was written, and the source is what it was.
        guard rows.allSatisfy({ $0["error"] == nil || $0["error"] == "conflict" }) else {
            throw CouchError(.rejected, "a random edit was refused: \(rows)")
        }
    }

    /// Members that a decoder would change.
    private mutating func members() -> String {
        let values = [
            "1.0", "1", "-0.5e-3", "12345678901234567890", #""\u00e9 \u0000""#, #"{"b":1,"a":[1,2,{}]}"#, "null",
            "true",
        ]
        return #""n":\#(count),"value":\#(values[Int.random(in: 0..<values.count, using: &random)])"#
    }

    private static func leaves(of id: String, in database: CouchDatabase) async throws -> [Leaf] {
        let request = CouchRequest(
            .get, [database.name] + (try DocumentPath.segments(of: id)), query: ["open_revs": "all"],
            accept: "application/json")
        do {
            let rows = try await database.server.answer(to: request).json(request: "open_revs").array ?? []
            return rows.compactMap { row in
                guard let revision = row["ok"]?["_rev"]?.string.flatMap({ RevisionID($0) }) else { return nil }
                return Leaf(revision: revision, isDeleted: row["ok"]?["_deleted"]?.bool ?? false)
            }
        } catch let error as CouchError where error.status == 404 {
            return []
        }
    }

    private static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).serialized(), as: UTF8.self)
    }
}
