import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Replication

/// Compares bodies on a real CouchDB, where one is installed.
@Suite(.enabled(if: LocalCouchDB.isInstalled, "no CouchDB is installed"), .timeLimit(.minutes(5)))
struct RealBodyComparatorTests {
    /// Histories with conflicts, tombstones and attachments: between two databases, and with a replica in memory.
    @Test func findsWhatWasPlanted() async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        try await withRealServer { connection in
            let (first, second) = (connection.database("first"), connection.database("second"))
            try await first.create()
            try await second.create()
            let memory = MemoryReplica()
            var history = RandomHistory(seed: seed, documents: 120)
            try history.run(500, on: memory, purges: false)
            let (source, target) = (CouchReplica(first), CouchReplica(second))
            #expect(try await source.store(memory.leafRevisions, checkpoint: nil).refusals == [])

            var content = PlantedContent(memory.leafRevisions)
            try content.plant(oneOf: 8, seed: seed)
            #expect(try await target.store(content.revisions, checkpoint: nil).refusals == [])
            for other in [source as any ComparableReplica, memory] {
                let (report, found) = try await BodyComparator.test(other, target).collect()
                #expect(Set(found.filter { $0.kind == .bodyDiffers }.map(\.id)) == content.bodies, "seed \(seed)")
                #expect(found.map(\.id) == content.bodies.union(content.attachments).sorted(), "seed \(seed)")
                #expect(report.isComplete && report.revisions == memory.leafRevisions.count, "seed \(seed)")
            }
            let (report, found) = try await BodyComparator.test(source, memory).collect()
            #expect(found == [] && report.isComplete && report.counts.equal == memory.leaves.count, "seed \(seed)")
        }
    }

    /// One server compresses a text, the other doesn't: another digest, the same attachment.
    @Test func decodesWhatOneServerCompresses() async throws {
        try await withRealServer { connection in
            var databases: [CouchDatabase] = []
            for (name, level) in [("packed", "8"), ("plain", "0"), ("other", "0")] {
                try await connection.setConfiguration(section: "attachments", key: "compression_level", value: level)
                let database = connection.database(name)
                try await database.create()
                let text = String(repeating: name == "other" ? "b" : "a", count: 5000)
                let attachment =
                    #"{"content_type":"text/plain","revpos":1,"data":"\#(Data(text.utf8).base64EncodedString())"}"#
                let document = #"{"_id":"d","_rev":"1-abc","v":1,"_attachments":{"t":\#(attachment)}}"#
                #expect(try await database.bulkDocuments([Data(document.utf8)]).refused.isEmpty)
                databases.append(database)
            }
            let digests = try await digests(of: databases)
            #expect(Set(digests).count == 3, "\(digests)")
            let (report, found) = try await BodyComparator.test(
                CouchReplica(databases[0]), CouchReplica(databases[1])
            ).collect()
            #expect(found == [] && report.counts.equal == 1 && report.isComplete)
            let (_, others) = try await BodyComparator.test(
                CouchReplica(databases[0]), CouchReplica(databases[2])
            ).collect()
            #expect(others.map(\.kind) == [.attachmentDiffers])
            #expect(others.flatMap(\.revisions).flatMap(\.attachments) == ["t"])
        }
    }

    /// A document that CouchDB has made itself convicts the copy that was changed.
    @Test func convictsTheDamagedCopy() async throws {
        try await withRealServer { connection in
            let (first, second) = (connection.database("first"), connection.database("second"))
            try await first.create()
            try await second.create()
            for number in 0..<300 {
                _ = try await first.putDocument("d\(number)", members: ["v": .integer(Int64(number))])
            }
            let (source, target) = (CouchReplica(first), CouchReplica(second))
            let memory = MemoryReplica()
            _ = try await Replicator(from: source, to: memory, options: .test()).run()
            var content = PlantedContent(memory.leafRevisions)
            try content.plant(oneOf: 20, seed: 5)
            _ = try await target.store(content.revisions, checkpoint: nil)
            let (report, found) = try await BodyComparator.test(source, target).collect()
            #expect(Set(found.map(\.id)) == content.bodies && !found.isEmpty)
            #expect(found.flatMap(\.revisions).allSatisfy { $0.source == .proved && $0.target == .damaged })
            #expect(report.counts.equal == 300 - found.count)
        }
    }

    /// Content stays what it is under a revision, so that a writer makes no difference.
    @Test func inventsNothingWhileTheSourceIsWritten() async throws {
        try await withRealServer { connection in
            let (first, second) = (connection.database("first"), connection.database("second"))
            try await first.create()
            try await second.create()
            let memory = MemoryReplica()
            for number in 0..<2000 { try memory.edit(DocumentID("d\(number)"), members: #""v":0"#) }
            let (source, target) = (CouchReplica(first), CouchReplica(second))
            _ = try await Replicator(from: memory, to: source, options: .test()).run()
            _ = try await Replicator(from: memory, to: target, options: .test()).run()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    for round in 1... {
                        if Task.isCancelled { return }
                        for number in stride(from: round % 7, to: 2000, by: 7) {
                            let id = DocumentID("d\(number)")
                            let winner = try await memory.leaves(of: [id]).first?.revisions.first
                            try memory.edit(id, on: winner, members: #""v":\#(round)"#)
                        }
                        do {
                            _ = try await source.store(memory.leafRevisions, checkpoint: nil)
                        } catch  where Task.isCancelled {
                            return
                        }
                    }
                }
                for _ in 0..<3 {
                    let (report, found) = try await BodyComparator.test(source, target).collect()
                    #expect(found == [] && report.unreadable == 0)
                    #expect(report.revisions + report.overtaken + report.absent >= 2000)
                }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    private func digests(of databases: [CouchDatabase]) async throws -> [String] {
        var digests: [String] = []
        for database in databases {
            let document = try await database.document("d")
            digests.append(document?["_attachments"]?["t"]?["digest"]?.string ?? "none")
        }
        return digests
    }
}
