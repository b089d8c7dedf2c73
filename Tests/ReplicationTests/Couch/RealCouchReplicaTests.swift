import CouchDB
import CouchSim
import Foundation
import NIOCore
import Testing

@testable import Replication

/// Copies from and to a real CouchDB, where one is installed.
@Suite(.enabled(if: LocalCouchDB.isInstalled, "no CouchDB is installed"), .timeLimit(.minutes(5)))
struct RealCouchReplicaTests {
    @Test func copiesRandomHistories() async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        try await withRealServer { connection in
            for round in 0..<4 {
                let (first, second) = (connection.database("first\(round)"), connection.database("second\(round)"))
                try await first.create()
                try await second.create()
                let source = MemoryReplica()
                var history = RandomHistory(seed: seed &+ UInt64(round))
                for _ in 0..<3 {
                    try history.run(100, on: source, purges: false)
                    let there = try await Replicator(from: source, to: CouchReplica(first), options: .test()).run()
                    #expect(there.refusals == [], "seed \(seed) round \(round)")
                }
                let over = try await Replicator(
                    from: CouchReplica(first), to: CouchReplica(second), options: .test()
                ).run()
                #expect(over.refusals == [], "seed \(seed) round \(round)")
                let copy = MemoryReplica()
                _ = try await Replicator(from: CouchReplica(second), to: copy, options: .test()).run()
                #expect(
                    try await LeafRecord.all(of: copy, canonical: true)
                        == LeafRecord.all(of: source, canonical: true), "seed \(seed) round \(round)")
            }
        }
    }

    /// CouchDB stores text compressed; the bytes, the encoding and the digest must come through as they are.
    @Test func keepsCompressedAndLargeAttachments() async throws {
        try await withRealServer { connection in
            let (first, second) = (connection.database("first"), connection.database("second"))
            try await first.create()
            try await second.create()
            let text = Data(String(repeating: "compress me, please. ", count: 30_000).utf8)
            let noise = Data((0..<3_000_000).map { _ in UInt8.random(in: 0...255) })
            var revision = try await first.putDocument("d", members: ["v": 1])
            for (name, type, bytes) in [("t.txt", "text/plain", text), ("n.bin", "application/octet-stream", noise)] {
                revision = try await first.putAttachment(
                    name, of: "d", revision: revision, contentType: type, length: bytes.count, body: Once(bytes))
            }
            let memory = MemoryReplica()
            _ = try await Replicator(from: CouchReplica(first), to: memory, options: .test()).run()
            let attachments = try #require(memory.leafRevisions.first).attachments
            #expect(attachments.map(\.member.name).sorted() == ["n.bin", "t.txt"])
            let compressed = try #require(attachments.first { $0.member.name == "t.txt" })
            #expect(compressed.member.encoding == "gzip" && compressed.size < text.count / 10)
            let large = try #require(attachments.first { $0.member.name == "n.bin" })
            #expect(large.memorySize == 0, "a large attachment is not held in memory")
            _ = try await Replicator(from: memory, to: CouchReplica(second), options: .test()).run()
            let copy = try #require(try await second.document("d"))
            let original = try #require(try await first.document("d"))
            #expect(copy["_attachments"]?["t.txt"]?["digest"] == original["_attachments"]?["t.txt"]?["digest"])
            #expect(copy["_attachments"]?["n.bin"]?["digest"] == original["_attachments"]?["n.bin"]?["digest"])
            #expect(copy["_rev"] == original["_rev"])
            var received = Data()
            for try await piece in try await second.attachment("n.bin", of: "d").body {
                received.append(contentsOf: piece.readableBytesView)
            }
            #expect(received == noise)
        }
    }

    @Test func findsTheDocumentThatIsTooLargeAndCopiesTheRest() async throws {
        try await withRealServer { connection in
            let target = connection.database("target")
            try await target.create()
            try await connection.setConfiguration(section: "couchdb", key: "max_document_size", value: "20000")
            let source = MemoryReplica()
            for number in 0..<50 {
                let text = String(repeating: "x", count: number == 17 ? 50_000 : 100)
                try source.edit(DocumentID("d\(number)"), members: #""t":"\#(text)""#)
            }
            let report = try await Replicator(from: source, to: CouchReplica(target), options: .test()).run()
            #expect(report.refusals.map(\.id) == ["d17"])
            #expect(try await target.info().documentCount == 49)
            try await connection.setConfiguration(section: "couchdb", key: "max_document_size", value: "8000000")
            let again = try await Replicator(from: source, to: CouchReplica(target), options: .test()).run()
            #expect(!again.isIncomplete)
            #expect(try await target.info().documentCount == 50)
        }
    }

    /// What a rolled back target needs: its own checkpoint went back with it, so nothing stays missing.
    @Test func fillsHolesFromAList() async throws {
        try await withRealServer { connection in
            let (first, second) = (connection.database("first"), connection.database("second"))
            try await first.create()
            try await second.create()
            let source = MemoryReplica()
            for number in 0..<60 { try source.edit(DocumentID("d\(number)"), members: "") }
            _ = try await Replicator(from: source, to: CouchReplica(first), options: .test()).run()
            let holes = source.leaves.filter { $0.id.text.hasSuffix("7") }
            let report = try await Replicator(
                from: CouchReplica(first), to: CouchReplica(second), options: .test()
            ).copy(holes)
            #expect(report.counts.revisionsStored == holes.count)
            #expect(try await second.info().documentCount == holes.count)
        }
    }

    @Test func followsChangesUntilItIsCancelled() async throws {
        try await withRealServer { connection in
            let database = connection.database("live")
            try await database.create()
            let copy = MemoryReplica()
            var options = ReplicationOptions.test()
            options.isContinuous = true
            let replicator = Replicator(from: CouchReplica(database), to: copy, options: options)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    do {
                        _ = try await replicator.run()
                        Issue.record("a continuous run ended by itself")
                    } catch is CancellationError {}
                }
                for number in 0..<5 {
                    _ = try await database.putDocument("d\(number)", members: [:])
                    for await progress in replicator.progress where progress.counts.revisionsStored > number { break }
                }
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(copy.leaves.count == 5)
            #expect(try await copy.checkpoint("test") != nil)
        }
    }
}

/// Bytes that are sent in one piece.
private struct Once: AsyncSequence, Sendable {
    let bytes: Data

    init(_ bytes: Data) { self.bytes = bytes }

    struct AsyncIterator: AsyncIteratorProtocol {
        var bytes: Data?

        mutating func next() async -> ByteBuffer? {
            defer { bytes = nil }
            return bytes.map { ByteBuffer(bytes: $0) }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes) }
}
