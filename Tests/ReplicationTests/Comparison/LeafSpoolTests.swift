import CouchDB
import Foundation
import SystemPackage
import Testing

@testable import Replication

@Suite struct LeafSpoolTests {
    private static let hash = SipHash(key: 1, 2)
    private static let documents = (0..<300).map {
        DocumentLeaves(id: DocumentID("document \($0)"), revisions: [.test(1, $0)])
    }

    /// Runs with a folder of its own.
    private func inFolder(_ body: (FilePath) async throws -> Void) async throws {
        let folder = FilePath(NSTemporaryDirectory()).appending("spool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder.string) }  // what is left over does no harm
        try await body(folder)
    }

    private func open(_ folder: FilePath, _ state: LeafSpool.State? = nil) async throws -> LeafSpool {
        try await LeafSpool.open(in: folder, name: "side", hash: Self.hash, partitions: 16, state: state)
    }

    private func join(_ spool: LeafSpool, with other: [UInt8] = []) async throws -> PartitionJoin.Result {
        var sum = PartitionJoin.Result()
        for index in 0..<16 {
            let result = try PartitionJoin.join(source: try await spool.partition(index), target: other)
            sum.candidates += result.candidates
            sum.source += result.source
        }
        return sum
    }

    @Test func goesOnBehindACheckpointAndForgetsWhatCameAfterIt() async throws {
        try await inFolder { folder in
            var spool = try await open(folder)
            try await spool.add(Array(Self.documents[..<100]))
            let state = try await spool.checkpoint(at: UpdateSequence(.integer(100)))
            try await spool.add(Array(Self.documents[100..<150]))
            _ = try await spool.finish(at: UpdateSequence(.integer(150)))

            var again = try await open(folder, state)
            #expect(again.state.sequence == UpdateSequence(.integer(100)))
            #expect(try await join(again).source == 100)
            try await again.add(Array(Self.documents[100...]))
            let end = try await again.finish(at: UpdateSequence(.integer(300)))
            #expect(end.rows == 300)
            #expect(Set(try await join(again).candidates.map(\.id)) == Set(Self.documents.map(\.id)))
        }
    }

    @Test func refusesAFileThatIsShorterThanItWas() async throws {
        try await inFolder { folder in
            var spool = try await open(folder)
            try await spool.add(Self.documents)
            let state = try await spool.checkpoint(at: .zero)
            let path = folder.appending("side-3").string
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.truncate(atOffset: UInt64(state.sizes[3] - 1))
            try file.close()
            await #expect(throws: SpoolDamage.self) { _ = try await open(folder, state) }
        }
    }

    @Test func noticesAFileThatIsCutWhileItIsOpen() async throws {
        try await inFolder { folder in
            var spool = try await open(folder)
            try await spool.add(Self.documents)
            _ = try await spool.finish(at: .zero)
            let file = try #require(FileHandle(forWritingAtPath: folder.appending("side-5").string))
            try file.truncate(atOffset: 10)
            try file.close()
            await #expect(throws: SpoolDamage.self) { _ = try await spool.partition(5) }
        }
    }

    /// Wherever a partition ends, it is either a shorter list or known as damaged; never read beyond its end.
    @Test func noticesARecordThatIsCutOff() throws {
        var buffers: [[UInt8]] = [[]]
        var ends: Set<Int> = [0]
        for document in Self.documents.prefix(3) {
            _ = Replication.LeafRecord.append(document, hash: Self.hash, to: &buffers)
            ends.insert(buffers[0].count)
        }
        for length in 0...buffers[0].count {
            let part = Array(buffers[0][..<length])
            if ends.contains(length) {
                #expect(try PartitionJoin.join(source: part, target: []).source == ends.count { $0 <= length } - 1)
            } else {
                #expect(throws: SpoolDamage.self) { try PartitionJoin.join(source: [], target: part) }
            }
        }
    }

    @Test func noticesALengthThatPointsBeyondTheEnd() throws {
        var buffers: [[UInt8]] = [[]]
        _ = Replication.LeafRecord.append(Self.documents[0], hash: Self.hash, to: &buffers)
        for byte in 24..<28 {
            var damaged = buffers[0]
            damaged[byte] = 0xff
            #expect(throws: SpoolDamage.self) { try PartitionJoin.join(source: damaged, target: []) }
        }
    }

    @Test func writesWhatIsHeldBackInPieces() async throws {
        try await inFolder { folder in
            var spool = try await open(folder)
            let name = String(repeating: "n", count: 4000)
            for start in stride(from: 0, to: 2000, by: 500) {
                try await spool.add(
                    (start..<start + 500).map {
                        DocumentLeaves(id: DocumentID("\(name)\($0)"), revisions: [.test(1, $0)])
                    })
            }
            #expect(spool.state.sizes.reduce(0, +) > LeafSpool.bufferLimit)
            _ = try await spool.finish(at: .zero)
            #expect(try await join(spool).source == 2000)
        }
    }
}
