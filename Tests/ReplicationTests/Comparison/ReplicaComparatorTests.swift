import CouchDB
import CouchSim
import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Replication

/// A comparison finds each planted difference and invents none.
@Suite struct ReplicaComparatorTests {
    private static let same: [DocumentID: [RevisionID]] = Dictionary(
        uniqueKeysWithValues: (0..<500).map { (DocumentID("document-\($0)"), [.test(1 + $0 % 7, $0)]) })

    private func compare(
        _ source: ListedReplica, _ target: ListedReplica, _ change: (inout ReplicaComparator) -> Void = { _ in }
    ) async throws -> (report: ReplicaComparator.Report, found: [Difference]) {
        var comparator = ReplicaComparator(source, target)
        change(&comparator)
        var found: [Difference] = []
        let report = try await comparator.run { found.append($0) }
        return (report, found.sorted { $0.id < $1.id })
    }

    @Test("Where the target lacks nothing and has more, that is counted, and whether it shows what the source shows")
    func countsWhatOnlyTheTargetHas() async throws {
        let (a, b): (RevisionID, RevisionID) = (.test(2, 1), .test(2, 2))
        let (report, found) = try await compare(
            ListedReplica(["losing": [a], "winning": [a], "both": [a], "lost": [a, b]]),
            ListedReplica(["losing": [a, b], "winning": [b, a], "both": [b], "whole": [a], "lost": [a]]))
        #expect(found.filter { $0.surplus == .losing }.map(\.id) == ["losing"])
        #expect(found.filter { $0.surplus == .winning }.map(\.id) == ["winning"])
        #expect((report.counts.otherLeaves, report.counts.extra) == (4, 1))
        #expect((report.counts.extraLeaves, report.counts.winningLeaves) == (2, 1))
        #expect(report.counts.lacking == 2 && !report.counts.isOnlyMore && !report.counts.isOnlyOfTarget)
    }

    @Test("An edit at the target on top of what the source has is counted as such, and leaves nothing to copy")
    func countsEditsAtTheTarget() {
        var counts = ComparisonCounts(equal: 3, extra: 1)
        counts.count(Difference(id: "edited", kind: .otherLeaves, onlyInTarget: [.test(2, 9)]))
        var beside = Difference(id: "beside", kind: .otherLeaves, onlyInTarget: [.test(2, 9)])
        beside.surplus = .winning
        counts.count(beside)
        #expect((counts.otherLeaves, counts.overwrittenLeaves, counts.extraLeaves) == (2, 1, 1))
        #expect(counts.isOnlyOfTarget && !counts.isOnlyMore && counts.lacking == 1)
        counts.count(Difference(id: "behind", kind: .otherLeaves, onlyInSource: [.test(3, 1)]))
        #expect(counts.overwrittenLeaves == 1 && !counts.isOnlyOfTarget)
    }

    /// A document that is written all the time lacks something at each first look.
    @Test(
        "What only the target has lies beside what the source has, or on top of it, also where the rest has arrived",
        arguments: [
            // The source has gone on meanwhile; the target follows.
            ([3], [2, 9], Difference.Surplus.losing), ([3], [9, 2], .winning), ([3, 4], [2, 4, 9], .losing),
            // Nothing of the source's is left beside it.
            ([3], [9], nil), ([3, 4], [4, 9], nil),
        ] as [([Int], [Int], Difference.Surplus?)])
    func surplusOfALaterLook(current: [Int], held: [Int], surplus: Difference.Surplus?) {
        func leaves(_ numbers: [Int]) -> DocumentLeaves {
            DocumentLeaves(id: "hot", revisions: numbers.map { .test($0, $0) })
        }
        var found = Difference(id: "hot", kind: .otherLeaves, onlyInTarget: [.test(9, 9)])
        #expect(found.mayBeSurplus)
        found.noteSurplus(leaves(current), leaves(held))
        #expect(found.surplus == surplus)
        #expect(!Difference(id: "hot", kind: .extra, onlyInTarget: [.test(9, 9)]).mayBeSurplus)
        #expect(!Difference(id: "hot", kind: .otherLeaves, onlyInSource: [.test(1, 1)]).mayBeSurplus)
    }

    @Test func findsEachClassOfDifference() async throws {
        var (source, target) = (Self.same, Self.same)
        source["only here"] = [.test(1, 1)]
        target["only there"] = [.test(2, 2), .test(1, 7)]
        (source["later"], target["later"]) = ([.test(3, 1)], [.test(2, 1)])
        (source["conflict"], target["conflict"]) = ([.test(2, 1), .test(2, 2)], [.test(2, 1)])
        (source["long hash"], target["long hash"]) = ([RevisionID(generation: 1, hash: "x")], [.test(1, 0)])
        let (report, found) = try await compare(ListedReplica(source), ListedReplica(target))
        #expect(
            found == [
                Difference(id: "conflict", kind: .otherLeaves, onlyInSource: [.test(2, 2)]),
                Difference(id: "later", kind: .otherLeaves, onlyInSource: [.test(3, 1)], onlyInTarget: [.test(2, 1)]),
                Difference(
                    id: "long hash", kind: .otherLeaves, onlyInSource: [RevisionID(generation: 1, hash: "x")],
                    onlyInTarget: [.test(1, 0)]),
                Difference(id: "only here", kind: .missing, onlyInSource: [.test(1, 1)]),
                Difference(id: "only there", kind: .extra, onlyInTarget: [.test(1, 7), .test(2, 2)]),
            ])
        #expect((report.counts.missing, report.counts.extra, report.counts.otherLeaves) == (1, 1, 3))
        #expect(report.counts.equal == 500)
        #expect(!report.counts.isEqual)
        #expect(report.rows == 504 * 2)
    }

    @Test func inventsNothing() async throws {
        var target = Self.same
        target["conflict"] = [.test(2, 1), .test(2, 2), RevisionID(generation: 1, hash: "text")]
        var source = target
        // The same leaves in another order are the same leaves.
        source["conflict"]?.reverse()
        let (report, found) = try await compare(ListedReplica(source), ListedReplica(target))
        #expect(found == [])
        #expect(report.counts.isEqual && report.counts.equal == 501)
    }

    @Test func comparesNothingWithNothing() async throws {
        let (report, found) = try await compare(ListedReplica(), ListedReplica())
        #expect(found == [] && report.counts == ComparisonCounts())
    }

    /// A feed may repeat rows and rewind: what it listed last counts.
    @Test func takesTheLastOfRepeatedRows() async throws {
        let rows = Self.same.map { DocumentLeaves(id: $0.key, revisions: $0.value) }
        let older = rows.map { DocumentLeaves(id: $0.id, revisions: [.test(1, 99)]) }
        var (source, target) = (ListedReplica(Self.same), ListedReplica(Self.same))
        source.feed = older.prefix(100) + rows + rows.reversed() + rows.shuffled()
        target.feed = rows + rows
        // No look at a single document may be needed to know that all are equal.
        source.onLook = { _ in Issue.record("a document was looked up") }
        let (report, found) = try await compare(source, target)
        #expect(found == [] && report.counts.equal == 500)
        source.feed = rows + [DocumentLeaves(id: "document-7", revisions: [.test(9, 9)])]
        source.documents["document-7"] = [.test(9, 9)]
        source.onLook = { _ in }
        let (other, differing) = try await compare(source, target)
        #expect(differing.map(\.id) == ["document-7"] && other.counts.otherLeaves == 1 && other.counts.equal == 499)
    }

    /// Two spellings of “ü” are two documents, as in CouchDB.
    @Test func tellsIdsApartThatSwiftTakesForEqual() async throws {
        let (composed, decomposed): (DocumentID, DocumentID) = ("gr\u{fc}n", "gru\u{308}n")
        #expect(composed.text == decomposed.text)
        let source = ListedReplica([composed: [.test(1, 1)], decomposed: [.test(1, 2)]])
        let (_, found) = try await compare(source, ListedReplica([composed: [.test(1, 1)]]))
        #expect(found == [Difference(id: decomposed, kind: .missing, onlyInSource: [.test(1, 2)])])
        let (report, none) = try await compare(source, source)
        #expect(none == [] && report.counts.equal == 2)
        let (_, swapped) = try await compare(
            source, ListedReplica([composed: [.test(1, 2)], decomposed: [.test(1, 1)]]))
        #expect(swapped.map(\.kind) == [.otherLeaves, .otherLeaves])
    }

    /// A document that both sides changed in the same way while the feeds were read does not differ.
    @Test func looksAgainBeforeItTells() async throws {
        let old = ListedReplica(Self.same)
        var target = old
        target.documents["document-3"] = [.test(5, 5)]
        var source = target
        source.feed = old.documents.map { DocumentLeaves(id: $0.key, revisions: $0.value) }
        let (report, found) = try await compare(source, target)
        #expect(found == [] && report.counts.equal == 500)
    }

    @Test func stopsLookingWhereNobodyWrites() async throws {
        let looks = Mutex(0)
        var (source, target) = (ListedReplica(Self.same), ListedReplica(Self.same))
        source.documents["new"] = [.test(1, 1)]
        target.onLook = { ids in
            #expect(ids == ["new"])
            looks.withLock { $0 += 1 }
        }
        // Both stand still, so that the second pause is never waited for.
        let (_, found) = try await compare(source, target) { $0.looks = [.zero, .seconds(1_000_000)] }
        #expect(found.map(\.id) == ["new"])
        #expect(looks.withLock { $0 } == 1)
    }

    @Test func comparesOnlyWhatIsSelected() async throws {
        var target = Self.same
        target["document-1"] = [.test(1, 77)]
        target["other"] = [.test(1, 1)]
        let (report, found) = try await compare(ListedReplica(Self.same), ListedReplica(target)) {
            $0.selection = { $0.id.text.hasPrefix("document-1") }
        }
        #expect(found.map(\.id) == ["document-1"])
        #expect(report.counts.equal == 110)
    }

    @Test(arguments: 0..<20) func findsWhatTheModelFinds(round: Int) async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        var random = SeededGenerator(seed: seed)
        var (source, target): ([DocumentID: [RevisionID]], [DocumentID: [RevisionID]]) = ([:], [:])
        let count = [5, 300, 3000][round % 3]
        func leaves() -> [RevisionID] {
            // Few generations and hashes, so that sets often share members.
            let count = Int.random(in: 1...4, using: &random)
            return Array(
                Set(
                    (0..<count).map { _ in .test(.random(in: 1...3, using: &random), .random(in: 0...3, using: &random))
                    }))
        }
        for number in 0..<count {
            let id = DocumentID("\(Int.random(in: 0...1, using: &random) == 0 ? "a/" : "é")\(number)")
            let kind = Int.random(in: 0..<10, using: &random)
            if kind != 0 { source[id] = leaves() }
            if kind != 1 { target[id] = kind < 7 ? source[id].map { $0.shuffled(using: &random) } : leaves() }
        }
        let wanted = Set(source.keys).union(target.keys).compactMap { id -> Difference? in
            let (left, right) = (Set(source[id] ?? []), Set(target[id] ?? []))
            guard left != right else { return nil }
            return Difference(
                id: id, kind: left.isEmpty ? .extra : right.isEmpty ? .missing : .otherLeaves,
                onlyInSource: left.subtracting(right).sorted(), onlyInTarget: right.subtracting(left).sorted())
        }
        let (report, found) = try await compare(ListedReplica(source), ListedReplica(target))
        let plain = found.map { difference in
            var difference = difference
            difference.surplus = nil
            return difference
        }
        #expect(plain == wanted.sorted { $0.id < $1.id }, "seed \(seed)")
        #expect(report.counts.different == wanted.count, "seed \(seed)")
        #expect(report.counts.equal == Set(source.keys).union(target.keys).count - wanted.count, "seed \(seed)")
    }

    @Test func hasOnePartitionForEachHundredThousandDocuments() {
        #expect(ComparisonFolder.partitions(for: 0) == 16)
        #expect(ComparisonFolder.partitions(for: 1_700_000) == 32)
        #expect(ComparisonFolder.partitions(for: 1 << 40) == 256)
    }

    // MARK: Ends

    private struct Broken: Error {}

    /// The folder of a comparison is gone after any end, and no file stays open.
    @Test(arguments: [ReplicationFailure.Side.source, .target], ["feed", "look"])
    func namesTheSideThatFails(side: ReplicationFailure.Side, place: String) async throws {
        let parent = FilePath(NSTemporaryDirectory()).appending("comparisons-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: parent.string) }  // what is left over does no harm
        var failing = ListedReplica(Self.same)
        failing.documents["different"] = [.test(1, side == .source ? 1 : 2)]
        var other = ListedReplica(Self.same)
        other.documents["different"] = [.test(1, 3)]
        if place == "feed" { failing.onPage = { throw Broken() } } else { failing.onLook = { _ in throw Broken() } }
        let failure = await #expect(throws: ReplicationFailure.self) {
            _ = try await compare(side == .source ? failing : other, side == .source ? other : failing) {
                $0.folder = parent
            }
        }
        #expect(failure?.side == side)
        #expect(failure?.underlying is Broken)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.string) == [])
        // Closed with the last reference to them, which a task that has just ended may hold for a moment.
        try await Polling.until("the files are closed") { Self.openFiles(under: parent) == [] }
    }

    @Test func leavesNothingBehindWhenItIsCancelled() async throws {
        let parent = FilePath(NSTemporaryDirectory()).appending("comparisons-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: parent.string) }  // what is left over does no harm
        let (pages, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (silence, silent) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        defer { silent.finish() }
        var source = ListedReplica(Self.same)
        source.onPage = {
            continuation.yield()
            // Ends with the task, since nothing ever comes.
            for await _ in silence {}
            try Task.checkCancellation()
        }
        await withTaskGroup { group in
            group.addTask { [source] in
                await #expect(throws: CancellationError.self) {
                    _ = try await self.compare(source, ListedReplica(Self.same)) { $0.folder = parent }
                }
            }
            for await _ in pages { break }
            group.cancelAll()
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.string) == [])
        // Closed with the last reference to them, which a task that has just ended may hold for a moment.
        try await Polling.until("the files are closed") { Self.openFiles(under: parent) == [] }
    }

    /// The files of this process under a folder, where the system can tell.
    private static func openFiles(under folder: FilePath) -> [String] {
        let table = "/proc/self/fd"
        // A descriptor may be closed by another test between the listing and the look at it.
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: table)) ?? []
        return numbers.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(table)/\($0)") }
            .filter { $0.hasPrefix(folder.string) }
    }
}
