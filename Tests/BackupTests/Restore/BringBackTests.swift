import CouchDB
import Foundation
import Replication
import Testing

@testable import Backup

/// What has to be written so that a document is again what it was; decided without a server.
@Suite struct BringBackTests {
    /// A document's life in memory.
    private struct Life {
        let replica = MemoryReplica()

        @discardableResult
        func edit(_ value: Int, on parent: RevisionID? = nil) throws -> RevisionID {
            try replica.edit("d", on: parent, members: #""v":\#(value)"#)
        }

        func delete(_ revision: RevisionID) throws { try replica.edit("d", on: revision, isDeleted: true) }

        /// The leaves, the winner first, as a server lists them.
        var leaves: [Revision] {
            replica.leafRevisions.filter { $0.id == "d" }
                .sorted { $0.isDeleted == $1.isDeleted ? $0.revision > $1.revision : !$0.isDeleted }
        }

        func store(_ revisions: [Revision]) async throws { _ = try await replica.store(revisions, checkpoint: nil) }
    }

    private func edits(_ wanted: [Revision], _ found: [Revision], exact: Bool = false) throws -> [Revision] {
        try BringBack(wanted: wanted, found: found, isExact: exact).edits()
    }

    @Test(arguments: [true, false]) func writesNothingWhereAllIsAsItWas(exact: Bool) throws {
        let life = Life()
        try life.edit(1)
        #expect(try edits(life.leaves, life.leaves, exact: exact).isEmpty)
        #expect(try edits([], [], exact: exact).isEmpty)
    }

    /// Anybody can name any generation (`new_edits=false`).
    @Test(arguments: [true, false], [Int.max, .max - 1, 1 << 40]) func whatNoEditCanStandOnIsSetAside(
        exact: Bool, generation: Int
    ) throws {
        let life = Life()
        let first = try life.edit(1)
        let wanted = life.leaves
        try life.edit(2, on: first)
        let top = try #require(RevisionPath([RevisionID(generation: generation, hash: "ff")]))
        let rival = Revision(
            id: "d", path: top, isDeleted: false, document: Data(#"{"_id":"d","_rev":"\#(generation)-ff","v":3}"#.utf8),
            attachments: [])
        // Where it stands beside, the edit would have to win over it; where it stands alone, to follow it.
        for found in [[rival] + life.leaves, [rival]] {
            let look = DocumentLook(
                id: "d", wanted: wanted, found: found, lost: [], winner: first, hidden: [])
            let way = look.way(isExact: exact)
            if found.count == 1, generation < .max {
                #expect(way.obstacles.isEmpty && way.edits.map(\.path.start) == [generation + 1])
            } else if way.edits.isEmpty {
                #expect(way.obstacles.map(\.stage) == [.storing] && way.obstacles.first?.id == "d")
            } else {
                #expect(way.obstacles.isEmpty && way.edits.contains { $0.path.revisions.contains(rival.revision) })
            }
        }
    }

    @Test func writesWhatLiesUnderANewerRevisionOnTop() async throws {
        let life = Life()
        let first = try life.edit(1)
        let wanted = life.leaves
        let second = try life.edit(2, on: first)
        let written = try edits(wanted, life.leaves)
        let edit = try #require(written.first)
        #expect(written.count == 1 && !edit.isDeleted)
        #expect(edit.path.revisions.dropFirst() == [second, first])
        #expect(edit.revision.generation == 3)
        let members = try JSONValue(parsing: edit.document)
        #expect(members["v"] == 1 && members["_rev"]?.string == edit.revision.description && members["_id"] == "d")
        // Made twice, it is the same edit.
        #expect(try edits(wanted, life.leaves).first?.revision == edit.revision)
        try await life.store(written)
        #expect(try edits(wanted, life.leaves).isEmpty)
        #expect(life.leaves.map(\.revision) == [edit.revision])
    }

    /// A tombstone can say why: what replaces it must say the same.
    @Test(arguments: [true, false]) func bringsBackWhatATombstoneSaid(isDeletedNow: Bool) async throws {
        let life = Life()
        let first = try life.edit(1)
        let told = try life.replica.edit("d", on: first, isDeleted: true, members: #""reason":"gone""#)
        let wanted = life.leaves
        let again = try life.edit(5, on: told)
        if isDeletedNow { try life.delete(again) }
        #expect(try edits(wanted, life.leaves).isEmpty)
        try await life.store(try edits(wanted, life.leaves, exact: true))
        let winner = try #require(life.leaves.first)
        #expect(winner.isDeleted && life.leaves.count == 1)
        #expect(try JSONValue(parsing: winner.document)["reason"] == "gone")
        #expect(try edits(wanted, life.leaves, exact: true).isEmpty)
    }

    @Test func keepsADocumentThatSaysTheSameWithAnotherRevision() throws {
        let life = Life()
        let first = try life.edit(1)
        let wanted = life.leaves
        let second = try life.edit(2, on: first)
        try life.edit(1, on: second)
        #expect(try edits(wanted, life.leaves).isEmpty)
        #expect(try edits(wanted, life.leaves, exact: true).isEmpty)
    }

    @Test func undeletes() async throws {
        let life = Life()
        let first = try life.edit(1)
        let wanted = life.leaves
        try life.delete(first)
        let written = try edits(wanted, life.leaves)
        try await life.store(written)
        #expect(life.leaves.count == 1)
        #expect(life.leaves.first?.isDeleted == false)
        #expect(life.leaves.first?.revision.generation == 3)
    }

    @Test func keepsWhatCameLaterUnlessItIsExact() async throws {
        let life = Life()
        try life.edit(1)
        #expect(try edits([], life.leaves).isEmpty)
        let removed = try edits([], life.leaves, exact: true)
        #expect(removed.map(\.isDeleted) == [true])
        try await life.store(removed)
        #expect(life.leaves.map(\.isDeleted) == [true])
        #expect(try edits([], life.leaves, exact: true).isEmpty)
    }

    @Test func keepsAResurrectedDocumentUnlessItIsExact() throws {
        let life = Life()
        try life.delete(try life.edit(1))
        let wanted = life.leaves
        try life.edit(2)
        #expect(try edits(wanted, life.leaves).isEmpty)
        #expect(try edits(wanted, life.leaves, exact: true).map(\.isDeleted) == [true])
    }

    @Test func removesLaterConflictsWhereItIsExact() async throws {
        let life = Life()
        let first = try life.edit(1)
        try life.edit(3, on: first)
        let kept = try life.replica.conflict("d", on: first, members: #""kept":true"#)
        let wanted = life.leaves
        let later = try life.replica.conflict("d", on: nil, members: #""later":true"#)
        #expect(try edits(wanted, life.leaves).isEmpty)
        let removed = try edits(wanted, life.leaves, exact: true)
        #expect(removed.map(\.isDeleted) == [true])
        #expect(removed.first?.path.revisions.dropFirst() == [later])
        try await life.store(removed)
        #expect(Set(life.leaves.filter { !$0.isDeleted }.map(\.revision)) == Set(wanted.map(\.revision)))
        #expect(life.leaves.contains { $0.revision == kept })
    }

    /// Two leaves say the same, and the other one wins now: nothing is left to do.
    @Test(arguments: [true, false]) func takesEqualConflictsForEachOther(exact: Bool) throws {
        let life = Life()
        let winner = try life.edit(1, on: try life.edit(0))
        let conflict = try life.replica.conflict("d", on: nil, members: #""v":1"#)
        let wanted = life.leaves
        #expect(wanted.map(\.revision) == [winner, conflict])
        let changed = try life.replica.conflict("d", on: conflict, members: #""v":2"#)
        let back = try life.replica.conflict("d", on: changed, members: #""v":1"#)
        #expect(life.leaves.map(\.revision) == [back, winner])
        #expect(try edits(wanted, life.leaves, exact: exact).isEmpty)
    }

    /// The winner was deleted, and so its conflict has become the winner: both come back, each on its own branch.
    @Test(arguments: [true, false]) func keepsAConflictThatHasBecomeTheWinner(exact: Bool) async throws {
        let life = Life()
        let first = try life.edit(1)
        let conflict = try life.replica.conflict("d", on: nil, members: #""kept":true"#)
        let winner = try life.edit(2, on: first)
        let wanted = life.leaves
        #expect(wanted.map(\.revision) == [winner, conflict])
        try life.delete(winner)
        #expect(life.leaves.first?.revision == conflict)
        try await life.store(try edits(wanted, life.leaves, exact: exact))
        let live = life.leaves.filter { !$0.isDeleted }
        #expect(live.count == 2 && live.last?.revision == conflict)
        #expect(try DocumentContent(#require(live.first)) == DocumentContent(wanted[0]))
        #expect(try edits(wanted, life.leaves, exact: exact).isEmpty)
    }

    /// The conflict was deleted or edited, often enough to win: it comes back as a conflict.
    @Test(arguments: [true, false]) func bringsAConflictBackBehindTheWinner(isDeleted: Bool) async throws {
        let life = Life()
        let first = try life.edit(1)
        let winner = try life.edit(2, on: first)
        var conflict = try life.replica.conflict("d", on: nil, members: #""kept":true"#)
        let wanted = life.leaves
        for _ in 0..<4 { conflict = try life.replica.conflict("d", on: conflict, members: #""later":true"#) }
        if isDeleted { try life.delete(conflict) }
        #expect((life.leaves.first?.revision == winner) == isDeleted)
        try await life.store(try edits(wanted, life.leaves, exact: true))
        let live = life.leaves.filter { !$0.isDeleted }
        #expect(live.count == 2)
        #expect(try live.map { try DocumentContent($0) } == wanted.map { try DocumentContent($0) })
        #expect(try edits(wanted, life.leaves, exact: true).isEmpty)
    }

    /// Random lives behind a moment: the winner is again what it was, and nothing is left to do then.
    @Test(arguments: 0..<300) func bringsRandomLivesBack(round: Int) async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        var random = SeededGenerator(seed: seed)
        let life = Life()
        func step() throws {
            let live = life.leaves.filter { !$0.isDeleted }
            let parent = live.randomElement(using: &random)?.revision
            switch Int.random(in: 0..<4, using: &random) {
            case 0: try life.replica.conflict("d", on: nil, members: #""c":\#(Int.random(in: 0..<99, using: &random))"#)
            case 1: if let parent { try life.delete(parent) }
            default: try life.edit(Int.random(in: 0..<3, using: &random), on: parent)
            }
        }
        for _ in 0..<4 { try step() }
        let wanted = life.leaves
        for _ in 0..<round % 6 { try step() }
        let isExact = Bool.random(using: &random)
        let (before, written) = (life.leaves, try edits(wanted, life.leaves, exact: isExact))
        try await life.store(written)
        #expect(try edits(wanted, life.leaves, exact: isExact).isEmpty, "seed \(seed)")
        guard let winner = wanted.first, let now = life.leaves.first else { return }
        if !winner.isDeleted {
            #expect(try DocumentContent(now) == DocumentContent(winner), "seed \(seed)")
        } else if isExact {
            #expect(now.isDeleted, "seed \(seed)")
        } else {
            #expect(life.leaves.map(\.revision) == before.map(\.revision), "seed \(seed)")
        }
        guard isExact, !winner.isDeleted else { return }
        func contents(_ leaves: [Revision]) throws -> [String] {
            try leaves.filter { !$0.isDeleted }.map { String(describing: try DocumentContent($0)) }.sorted()
        }
        #expect(try contents(life.leaves) == contents(wanted), "seed \(seed): conflicts too")
    }

    /// A target whose history is another one, or cut short: what was is written over what is, and not beside it.
    @Test(arguments: 0..<300) func bringsBackWithoutAKnownHistory(round: Int) async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        var random = SeededGenerator(seed: seed)
        let (then, life) = (Life(), Life())
        func step(_ life: Life) throws {
            let live = life.leaves.filter { !$0.isDeleted }
            let parent = live.randomElement(using: &random)?.revision
            switch Int.random(in: 0..<5, using: &random) {
            case 0: try life.replica.conflict("d", on: nil, members: #""c":\#(Int.random(in: 0..<99, using: &random))"#)
            case 1: if let parent { try life.delete(parent) }
            default: try life.edit(Int.random(in: 0..<99, using: &random), on: parent)
            }
        }
        for _ in 0..<round % 4 { try step(then) }
        // Some revisions have come over, as by replication.
        try await life.store(then.leaves.filter { _ in Bool.random(using: &random) })
        for _ in 0..<Int.random(in: 0..<4, using: &random) { try step(then) }
        for _ in 0..<Int.random(in: 1..<4, using: &random) { try step(life) }
        let (wanted, before, isExact) = (then.leaves, life.leaves, Bool.random(using: &random))
        guard let winner = wanted.first, !winner.isDeleted, let current = before.first else { return }
        try await life.store(try edits(wanted, before, exact: isExact))
        #expect(try edits(wanted, life.leaves, exact: isExact).isEmpty, "seed \(seed)")
        let now = try #require(life.leaves.first)
        #expect(try DocumentContent(now) == DocumentContent(winner), "seed \(seed)")
        func live(_ leaves: [Revision]) -> [Revision] { leaves.filter { !$0.isDeleted } }
        if isExact {
            func contents(_ leaves: [Revision]) throws -> [String] {
                try live(leaves).map { String(describing: try DocumentContent($0)) }.sorted()
            }
            #expect(try contents(life.leaves) == contents(wanted), "seed \(seed)")
        } else if live(life.leaves).count > max(1, live(before).count) {
            // The one exception: both were there at the moment. A winner that ended since goes on from its end.
            #expect(now.path.revisions.contains(winner.revision), "seed \(seed)")
            #expect(wanted.contains { $0.revision == current.revision }, "seed \(seed)")
        }
    }
}
