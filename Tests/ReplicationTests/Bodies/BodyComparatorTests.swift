import CouchDB
import CouchSim
import Crypto
import Foundation
import Synchronization
import Testing

@testable import Replication

/// A comparison of bodies finds each planted difference and invents none.
@Suite struct BodyComparatorTests {
    private func random(_ seed: UInt64) throws -> MemoryReplica {
        let replica = MemoryReplica()
        var history = RandomHistory(seed: seed, documents: 120)
        try history.run(500, on: replica)
        return replica
    }

    private func simple(_ count: Int, size: Int = 10) throws -> MemoryReplica {
        let replica = MemoryReplica()
        for number in 0..<count {
            try replica.edit(
                DocumentID("document-\(number)"), members: #""text":"\#(String(repeating: "x", count: size))""#)
        }
        return replica
    }

    private func copy(_ replica: MemoryReplica) async throws -> MemoryReplica {
        let copy = MemoryReplica()
        _ = try await copy.store(replica.leafRevisions, checkpoint: nil)
        return copy
    }

    /// What was planted in the target is found, and nothing else, with all kinds of documents.
    @Test(arguments: [0, 2, 10, 1000]) func findsWhatWasPlanted(_ oneOf: Int) async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        let source = try random(seed)
        var content = PlantedContent(source.leafRevisions)
        if oneOf > 0 { try content.plant(oneOf: oneOf, seed: seed) }
        let target = MemoryReplica()
        _ = try await target.store(content.revisions, checkpoint: nil)
        let (report, found) = try await BodyComparator.test(source, target).collect()
        #expect(Set(found.filter { $0.kind == .bodyDiffers }.map(\.id)) == content.bodies, "seed \(seed)")
        #expect(Set(found.filter { $0.kind == .attachmentDiffers }.map(\.id)) == content.attachments, "seed \(seed)")
        #expect(found.count == content.bodies.count + content.attachments.count, "seed \(seed)")
        #expect(report.counts.equal == source.leaves.count - found.count && report.isComplete, "seed \(seed)")
        #expect(report.revisions == source.leafRevisions.count)
        #expect(report.progress.compared == source.leaves.count && report.progress.bytes > 0)
    }

    @Test(arguments: [ServerVersion(3, 5), ServerVersion(1, 6)], 0..<3)
    func findsThemOnASimulatedServer(_ version: ServerVersion, _ round: Int) async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        try await withSimulatedReplica(version) { _, target in
            let source = try random(seed)
            // The simulated server takes two spellings of one accented letter for one document.
            let decomposed = DocumentID("gr\u{75}\u{308}n")
            source.purge(decomposed, source.leaves.filter { $0.id == decomposed }.flatMap(\.revisions))
            var content = PlantedContent(source.leafRevisions)
            try content.plant(oneOf: 9, seed: seed)
            let stored = try await target.store(content.revisions, checkpoint: nil)
            #expect(stored.refusals == [])
            for (one, other) in [(source as any ComparableReplica, target as any ComparableReplica), (target, source)] {
                let (report, found) = try await BodyComparator.test(one, other).collect()
                #expect(Set(found.map(\.id)) == content.bodies.union(content.attachments), "seed \(seed)")
                #expect(Set(found.filter { $0.kind == .bodyDiffers }.map(\.id)) == content.bodies, "seed \(seed)")
                #expect(report.isComplete, "seed \(seed)")
            }
        }
    }

    @Test func finds1xTooWhichHasNoBulkGet() async throws {
        try await withSimulatedReplica(ServerVersion(1, 6)) { _, target in
            let source = try simple(40)
            var content = PlantedContent(source.leafRevisions)
            try content.plant(oneOf: 5, seed: 4)
            _ = try await target.store(content.revisions, checkpoint: nil)
            let (report, found) = try await BodyComparator.test(source, target).collect()
            #expect(Set(found.map(\.id)) == content.bodies && !found.isEmpty)
            #expect(report.isComplete && report.revisions == 40)
        }
    }

    /// A tombstone on one side only, under the same revision.
    @Test func findsADeletionThatIsNone() async throws {
        let (source, target) = (MemoryReplica(), MemoryReplica())
        for (replica, deleted) in [(source, ""), (target, #","_deleted":true"#)] {
            let revision = try Revision(document: Data(#"{"_id":"d","_rev":"1-a"\#(deleted),"v":1}"#.utf8))
            _ = try await replica.store([revision], checkpoint: nil)
        }
        #expect(try await BodyComparator.test(source, target).collect().found.map(\.kind) == [.bodyDiffers])
    }

    /// A server that compresses has another digest of the same bytes (gzip); other bytes are found nevertheless.
    @Test func decodesAttachmentsWhoseDigestsDiffer() async throws {
        let plain = Data("compress me, please. compress me, please.".utf8)
        func revision(_ bytes: Data, encoding: String?) throws -> Revision {
            let digest = Data(Insecure.MD5.hash(data: bytes)).base64EncodedString()
            let coded = encoding.map { #","encoding":"\#($0)","encoded_length":\#(bytes.count)"# } ?? ""
            let text =
                #"{"_id":"d","_rev":"1-a","_attachments":{"t":{"content_type":"text/plain","revpos":1,"#
                + #""digest":"md5-\#(digest)","length":\#(plain.count),"follows":true\#(coded)}}}"#
            let members = try DocumentMembers(of: Data(text.utf8))
            return try Revision(
                document: Data(text.utf8), members: members,
                attachments: members.attachments.map { Attachment(member: $0, content: .memory(bytes)) })
        }
        // The same text by gzip.
        let zipped = try #require(
            Data(base64Encoded: "H4sIAAAAAAACA0vOzy0oSi0uVshN1VEoyElNLE7VU0jGIggAV4LxAykAAAA="))
        let other = Data(plain.map { $0 ^ 1 })
        for (bytes, encoding, kinds) in [
            (zipped, "gzip", []), (plain, nil, []), (other, nil, [.attachmentDiffers]),
            (other, "gzip", [.attachmentDiffers]),
        ] as [(Data, String?, [Difference.Class])] {
            let (source, target) = (MemoryReplica(), MemoryReplica())
            _ = try await source.store([try revision(plain, encoding: nil)], checkpoint: nil)
            _ = try await target.store([try revision(bytes, encoding: encoding)], checkpoint: nil)
            let (_, found) = try await BodyComparator.test(source, target).collect()
            #expect(found.map(\.kind) == kinds)
            #expect(found.flatMap(\.revisions).flatMap(\.attachments) == kinds.map { _ in "t" })
        }
    }

    /// A body that its revision proves convicts the other one.
    @Test func saysWhichSideIsDamaged() async throws {
        let (source, target) = (MemoryReplica(), MemoryReplica())
        for (replica, value) in [(source, 1), (target, 2)] {
            let text = #"{"_id":"fixed-01","_rev":"1-0785e9eb543380151003dc452c3a001a","x":\#(value)}"#
            _ = try await replica.store([try Revision(document: Data(text.utf8))], checkpoint: nil)
        }
        let (_, found) = try await BodyComparator.test(source, target).collect()
        #expect(found.flatMap(\.revisions).map(\.source) == [.proved])
        #expect(found.flatMap(\.revisions).map(\.target) == [.damaged])
        let (_, swapped) = try await BodyComparator.test(target, source).collect()
        #expect(swapped.flatMap(\.revisions).map(\.source) == [.damaged])
    }

    /// Documents that are too large to be held together are compared one by one.
    @Test func holdsLittleOfLargeDocuments() async throws {
        let source = try simple(60, size: 5000)
        var content = PlantedContent(source.leafRevisions)
        try content.plant(oneOf: 10, seed: 7)
        let target = MemoryReplica()
        _ = try await target.store(content.revisions, checkpoint: nil)
        var comparator = BodyComparator.test(source, target)
        comparator.budget = 12_000
        let (report, found) = try await comparator.collect()
        #expect(Set(found.map(\.id)) == content.bodies && !found.isEmpty)
        #expect(report.revisions == 60 && report.counts.equal == 60 - found.count)
    }

    @Test func countsWhatOneSideHasNot() async throws {
        let source = try simple(30)
        let target = try await copy(source)
        for number in 0..<4 {
            let id = DocumentID("document-\(number)")
            target.purge(id, source.leaves.filter { $0.id == id }.flatMap(\.revisions))
        }
        var left = ScriptedContent(base: source)
        left.overtaken = ["document-10", "document-11"]
        var right = ScriptedContent(base: target)
        right.withheld = ["document-20"]
        let (report, found) = try await BodyComparator.test(left, right).collect()
        #expect(found == [])
        #expect((report.absent, report.overtaken, report.unreadable, report.counts.equal) == (4, 2, 1, 23))
        #expect(report.unreadableRevisions.map(\.side) == [.target])
        #expect(report.unreadableRevisions.map(\.refusal.id) == ["document-20"])
        #expect(!report.isComplete)
    }

    /// Failures that pass change nothing, and a feed that lists everything twice doesn't either.
    @Test func repeatsWhatFails() async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        let source = try random(seed)
        var content = PlantedContent(source.leafRevisions)
        try content.plant(oneOf: 6, seed: seed)
        let target = MemoryReplica()
        _ = try await target.store(content.revisions, checkpoint: nil)
        let chance = ChanceOfFailure(seed: seed, percent: 10)
        var left = ScriptedContent(base: source)
        left.repetitions = 2
        left.onCall = { _ in try chance.roll() }
        var right = ScriptedContent(base: target)
        right.onCall = left.onCall
        var comparator = BodyComparator.test(left, right)
        comparator.options.attempts = 50
        comparator.options.attemptsBeforeSplitting = 49
        let (report, found) = try await comparator.collect()
        #expect(found.map(\.id) == content.bodies.union(content.attachments).sorted(), "seed \(seed)")
        #expect(report.isComplete, "seed \(seed)")
    }

    /// The document that the server stumbles over is named, and all others are compared.
    @Test func findsTheDocumentThatCannotBeRead() async throws {
        let source = try simple(50)
        let target = try await copy(source)
        var right = ScriptedContent(base: target)
        right.onCall = { wanted in
            guard wanted.contains(where: { $0.id == "document-17" }) else { return }
            throw CouchError(.serverError, "badmatch", status: 500)
        }
        let (report, found) = try await BodyComparator.test(source, right).collect()
        #expect(found == [] && report.counts.equal == 49)
        #expect(report.unreadableRevisions.map(\.refusal.id) == ["document-17"])
    }

    @Test func endsWithTheSideThatFails() async throws {
        let source = try simple(5)
        var right = ScriptedContent(base: try await copy(source))
        right.onCall = { _ in throw CouchError(.unauthorized, "no", status: 401) }
        await #expect {
            _ = try await BodyComparator.test(source, right).collect()
        } throws: {
            ($0 as? ReplicationFailure)?.side == .target
        }
    }

    /// An answer of another document is no difference, but a server that can't be trusted.
    @Test func refusesTheAnswerOfAnotherDocument() throws {
        let wanted = WantedRevision(id: "d", revision: RevisionID(generation: 1, hash: "a"))
        let right = Data(#"{"_id":"d","_rev":"1-a"}"#.utf8)
        for wrong in [#"{"_id":"e","_rev":"1-a"}"#, #"{"_id":"d","_rev":"2-a"}"#, #"{"_id":"d","_rev":"1-a""#] {
            #expect(throws: ReplicationFailure.self) {
                try DocumentComparison.compare(Data(wrong.utf8), Data(wrong.utf8), of: wanted)
            }
            #expect(throws: ReplicationFailure.self) {
                try DocumentComparison.compare(right, Data(wrong.utf8), of: wanted)
            }
        }
    }

    /// The shares of some runs cover all, and each finds its own.
    @Test func coversAllInShares() async throws {
        let source = try simple(100)
        var content = PlantedContent(source.leafRevisions)
        try content.plant(oneOf: 4, seed: 3)
        let target = MemoryReplica()
        _ = try await target.store(content.revisions, checkpoint: nil)
        var (all, chosen): ([DocumentID], Int) = ([], 0)
        for part in 0..<4 {
            let (report, found) = try await BodyComparator(source, target, share: .part(part, of: 4)).collect()
            all += found.map(\.id)
            chosen += report.progress.chosen
            #expect(report.progress.rows == 100 && report.progress.chosen < 50)
        }
        #expect(chosen == 100 && all.sorted() == content.bodies.sorted())
    }
}
