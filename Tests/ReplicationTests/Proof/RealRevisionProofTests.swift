import CouchSim
import Foundation
import NIOCore
import Testing

@testable import CouchDB
@testable import Replication

/// Proves revisions that a real CouchDB has made, where one is installed: every one, of every kind.
@Suite(.enabled(if: LocalCouchDB.isInstalled, "no CouchDB is installed"), .timeLimit(.minutes(5)))
struct RealRevisionProofTests {
    /// A document that was written, by its newest revision.
    private struct Written {
        var revision: RevisionID
        var attachments: [String]
    }

    @Test func provesEveryRevisionOfRandomDocuments() async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        try await withRealServer { connection in
            let database = connection.database("db")
            try await database.create()
            var random = RandomContent(seed: seed)
            var written: [String: Written] = [:]
            var (proofs, rewritten) = (0, Set<DocumentID>())
            for round in 0..<6 {
                var items: [(id: String, text: String, attachments: [String], isDeleted: Bool)] = []
                rewritten = []
                for number in 0..<700 {
                    let id = "document-\(number)"
                    // In the last rounds, some come back after they were deleted.
                    let isDeleted = round >= 2 && round % 2 == 0 && random.pick([true, false, false])
                    var members = [#""_id":"\#(id)""#]
                    if let before = written[id] { members.append(#""_rev":"\#(before.revision)""#) }
                    if isDeleted { members.append(#""_deleted":true"#) }
                    let (listed, names) = Self.attachments(written[id]?.attachments ?? [], round, &random)
                    members += listed.isEmpty ? [] : [#""_attachments":{\#(listed.joined(separator: ","))}"#]
                    let content = isDeleted && random.pick([true, false]) ? "" : random.members()
                    if !content.isEmpty { members.append(content) }
                    if round > 0, written[id] == nil, !isDeleted, !names.isEmpty { rewritten.insert(DocumentID(id)) }
                    items.append((id, "{" + members.joined(separator: ",") + "}", names, isDeleted))
                }
                for (row, item) in zip(try await Self.write(items.map(\.text), to: database), items) {
                    let revision = try #require(
                        row["rev"]?.string.flatMap { RevisionID($0) }, "\(row) for \(item.text), seed \(seed)")
                    written[item.id] =
                        item.isDeleted ? nil : Written(revision: revision, attachments: item.attachments)
                }
                proofs += try await Self.prove(database, rewritten: rewritten, "round \(round), seed \(seed)")
            }
            #expect(proofs == 6 * 700)
            #expect(!rewritten.isEmpty)
            // And all the same from the server that they were replicated to.
            let copy = connection.database("copy")
            try await copy.create()
            _ = try await Replicator(from: CouchReplica(database), to: CouchReplica(copy), options: .test()).run()
            #expect(try await Self.prove(copy, rewritten: rewritten, "the copy, seed \(seed)") == 700)
        }
    }

    /// Attachments to write: some that stay, and some new ones.
    private static func attachments(
        _ before: [String], _ round: Int, _ random: inout RandomContent
    ) -> (listed: [String], names: [String]) {
        guard random.pick([true, false, false]) else { return ([], []) }
        let kept = before.filter { _ in random.pick([true, true, false]) }
        let new = (0..<random.pick([0, 1, 1, 2, 5])).map { "\(random.pick(["z", "a", "ü", "M"]))\(round)-\($0)" }
        let listed =
            kept.map { #""\#($0)":{"stub":true}"# }
            + new.map { name in
                let type = random.pick(["text/plain", "application/octet-stream", "image/png", "application/json"])
                let text = String(repeating: name, count: random.pick([0, 1, 30, 3000]))
                return #""\#(name)":{"content_type":"\#(type)","data":"\#(Data(text.utf8).base64EncodedString())"}"#
            }
        return (listed.shuffled(using: &random.random), kept + new)
    }

    /// Content that a random generator would hardly find.
    @Test func provesTheEdges() async throws {
        try await withRealServer { connection in
            let database = connection.database("db")
            try await database.create()
            func bytes(_ count: Int) -> String { "[" + repeatElement("7", count: count).joined(separator: ",") + "]" }
            let contents = [
                #""list":\#(bytes(65_535))"#, #""list":\#(bytes(65_536))"#, #""list":[\#(bytes(65_535)),[]]"#,
                #""z":-0.0"#, #""z":[-0.0,0.0,-0.0,0]"#, #""z":-0"#, #""a":1,"b":2,"a":3"#,
                #""deep":\#(String(repeating: "[", count: 5000))\#(String(repeating: "]", count: 5000))"#,
                #""big":1\#(String(repeating: "0", count: 305))"#,
                #""text":"\#(String(repeating: "é", count: 70_000))""#,
                #""_replication_state":"triggered","x":1,"_replication_stats":{"a":[1]}"#,
            ]
            let rows = try await Self.write(
                contents.enumerated().map { #"{"_id":"edge-\#($0)",\#($1)}"# }, to: database)
            #expect(rows.allSatisfy { $0["rev"] != nil }, "\(rows)")
            #expect(try await Self.prove(database, "edges") == contents.count)
        }
    }

    /// What was not made by CouchDB's algorithm is not called damaged.
    @Test func callsNothingDamagedThatComesFromElsewhere() async throws {
        try await withRealServer { connection in
            let database = connection.database("db")
            try await database.create()
            let digits = String(repeating: "ab", count: 16)
            let result = try await database.bulkDocuments([
                Data(#"{"_id":"foreign","_rev":"1-\#(digits)","v":1}"#.utf8),
                Data(#"{"_id":"by hand","_rev":"1-abc","v":1}"#.utf8),
                Data(#"{"_id":"stemmed","_rev":"7-\#(digits)","v":1}"#.utf8),
            ])
            #expect(result.refused.isEmpty)
            var proofs: [DocumentID: RevisionProof] = [:]
            for revision in try await Self.revisions(of: database) { proofs[revision.id] = RevisionProof(of: revision) }
            #expect(
                proofs == [
                    "foreign": .notProvable(.otherHash), "by hand": .notProvable(.foreignIdentity),
                    "stemmed": .notProvable(.parentUnknown),
                ])
        }
    }

    private static func write(_ documents: [String], to database: CouchDatabase) async throws -> [JSONValue] {
        let body = ByteBuffer(string: #"{"docs":[\#(documents.joined(separator: ","))]}"#)
        let request = CouchRequest(
            .post, [database.name, "_bulk_docs"], body: .bytes(body, contentType: "application/json"))
        return try #require(try await database.server.answer(to: request).json(request: "_bulk_docs").array)
    }

    private static func revisions(of database: CouchDatabase) async throws -> [Revision] {
        let replica = CouchReplica(database)
        var leaves: [DocumentLeaves] = []
        _ = try await replica.readLeaves(since: .zero) { documents, _ in leaves += documents }
        var revisions: [Revision] = []
        try await replica.revisions(leaves) { answer in
            if case .given(let given) = answer.outcome { revisions += given }
        }
        return revisions
    }

    /// Proves all leaf revisions, and returns how many there were.
    ///
    /// - Parameter rewritten: the documents that were written with attachments after they were deleted.
    private static func prove(
        _ database: CouchDatabase, rewritten: Set<DocumentID> = [], _ comment: String
    ) async throws -> Int {
        let revisions = try await revisions(of: database)
        for revision in revisions {
            let proof = RevisionProof(of: revision)
            let expected: RevisionProof = rewritten.contains(revision.id) ? .bodyProved : .proved
            #expect(proof == expected, "\(String(decoding: revision.document.prefix(3000), as: UTF8.self)), \(comment)")
        }
        return revisions.count
    }
}
