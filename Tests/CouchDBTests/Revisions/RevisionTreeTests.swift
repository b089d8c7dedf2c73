import CouchDB
import Testing

@Suite struct RevisionTreeTests {
    // 1-a ─ 2-b ─ 3-d (deleted)
    //   │     └── 3-c
    //   └── 2-e
    private let conflicted = Self.tree([("dba", true), ("cba", false), ("ea", false)])

    @Test func leavesComeWinnerFirst() {
        #expect(conflicted.leaves.map(\.id.description) == ["3-c", "2-e", "3-d"])
        #expect(conflicted.winner?.id == RevisionID("3-c"))
        #expect(conflicted.conflicts == [RevisionID("2-e")])
        #expect(conflicted.deletedConflicts == [RevisionID("3-d")])
        #expect(!conflicted.isDeleted)
    }

    @Test func deletedDocumentHasOnlyTombstones() {
        #expect(Self.tree([("ba", true)]).isDeleted)
        #expect(!RevisionTree<String>().isDeleted)
        #expect(RevisionTree<String>().winner == nil)
    }

    @Test func insertionSaysWhatItDid() {
        var tree = RevisionTree<String>()
        #expect(tree.insert(Self.path("a"), isDeleted: false, body: "a") == .branched)
        #expect(tree.insert(Self.path("ba"), isDeleted: false, body: "b") == .extended)
        #expect(tree.insert(Self.path("ca"), isDeleted: false, body: "c") == .branched)
        #expect(tree.insert(Self.path("ca"), isDeleted: false, body: "c") == .known)
        #expect(tree.insert(Self.path("a"), isDeleted: false, body: "a") == .known)
        #expect(tree.leafSet == LeafSet([Self.id("2-b"), Self.id("2-c")]))
    }

    @Test func knownBodyStaysAndUnknownBodyIsFilled() {
        var tree = Self.tree([("ba", false)])
        tree.insert(Self.path("ba"), isDeleted: false, body: "another")
        #expect(tree[Self.id("2-b")]?.body == "2-b")
        #expect(tree[Self.id("1-a")]?.body == nil)
        tree.insert(Self.path("a"), isDeleted: false, body: "first")
        #expect(tree[Self.id("1-a")]?.body == "first")
        tree.compact()
        #expect(tree[Self.id("1-a")]?.body == nil)
        #expect(tree[Self.id("2-b")]?.body == "2-b")
    }

    @Test func historyWithoutCommonAncestorIsANewBranch() throws {
        var tree = Self.tree([("cba", false)])
        // 3-x and older were stemmed away where this comes from.
        tree.insert(try #require(RevisionPath(start: 5, ids: ["z", "y"])), isDeleted: false, body: nil)
        #expect(tree.leaves.map(\.id.description) == ["5-z", "3-c"])
        // The history that joins them turns the old leaf into an ancestor.
        tree.insert(try #require(RevisionPath(start: 5, ids: ["z", "y", "c"])), isDeleted: false, body: nil)
        #expect(tree.leaves.map(\.id.description) == ["5-z"])
        #expect(tree.path(to: Self.id("5-z"))?.ids == ["z", "y", "c", "b", "a"])
    }

    @Test func olderAncestorsAreFilledIn() throws {
        var tree = RevisionTree<String>()
        tree.insert(try #require(RevisionPath(start: 3, ids: ["c"])), isDeleted: false, body: nil)
        tree.insert(Self.path("dcba"), isDeleted: false, body: nil)
        #expect(tree.path(to: Self.id("4-d"))?.ids == ["d", "c", "b", "a"])
        #expect(tree.leafCount == 1)
    }

    /// No server makes such a history, but a client can send it with `new_edits=false`.
    @Test func secondParentOfARevisionIsIgnored() {
        var tree = Self.tree([("ba", false)])
        tree.insert(Self.path("cbx"), isDeleted: false, body: nil)
        #expect(tree.path(to: Self.id("3-c"))?.ids == ["c", "b", "a"])
        #expect(tree.leafCount == 1)
    }

    @Test func latestFollowsToTheLeaves() {
        #expect(conflicted.leaves(descendingFrom: Self.id("2-b")).map(\.id.description) == ["3-c", "3-d"])
        #expect(conflicted.leaves(descendingFrom: Self.id("1-a")).count == 3)
        #expect(conflicted.leaves(descendingFrom: Self.id("2-e")).map(\.id.description) == ["2-e"])
        #expect(conflicted.leaves(descendingFrom: Self.id("9-z")).isEmpty)
    }

    /// `_revs_diff`: ancestors count as present, and any older leaf may be an ancestor of what is missing.
    @Test func missingAndPossibleAncestors() {
        let missing = conflicted.missing(of: ["1-a", "2-b", "3-c", "2-x", "3-y"].map(Self.id))
        #expect(missing == [Self.id("2-x"), Self.id("3-y")])
        #expect(conflicted.possibleAncestors(ofMissing: missing) == [Self.id("2-e")])
        #expect(conflicted.possibleAncestors(ofMissing: [Self.id("4-x")]).count == 3)
        #expect(conflicted.possibleAncestors(ofMissing: []).isEmpty)
    }

    @Test func editsNameTheLeafTheyReplace() throws {
        var tree = RevisionTree<String>()
        #expect(try tree.parentOfEdit(basedOn: nil) == nil)
        let first = try tree.addEdit(on: nil, hash: "a", isDeleted: false, body: "1")
        #expect(throws: CouchError(.conflict, "")) { try tree.parentOfEdit(basedOn: nil) }
        #expect(try tree.parentOfEdit(basedOn: first) == first)
        let second = try tree.addEdit(on: first, hash: "b", isDeleted: true, body: nil)
        #expect(second.description == "2-b")
        #expect(throws: CouchError(.conflict, "")) { try tree.parentOfEdit(basedOn: first) }
        #expect(throws: CouchError(.conflict, "")) {
            try tree.addEdit(on: first, hash: "c", isDeleted: false, body: "2")
        }
        // A deleted document is continued, not begun again.
        #expect(try tree.parentOfEdit(basedOn: nil) == second)
        #expect(tree.leafCount == 1)
    }

    @Test func stemmingCutsTheOldest() {
        var tree = Self.tree([("edcba", false), ("xba", false)])
        tree.stem(to: 3)
        #expect(tree.path(to: Self.id("5-e"))?.ids == ["e", "d", "c", "b", "a"])
        tree.stem(to: 2)
        #expect(tree.path(to: Self.id("5-e"))?.ids == ["e", "d"])
        #expect(tree.path(to: Self.id("3-x"))?.ids == ["x", "b"])
        #expect(tree.missing(of: [Self.id("3-c"), Self.id("2-b")]) == [Self.id("3-c")])
        tree.stem(to: 1)
        #expect(tree.count == 2)
    }

    /// A path whose hashes are single letters, newest first.
    private static func path(_ letters: String) -> RevisionPath {
        var revisions: [RevisionID] = []
        for (offset, letter) in letters.enumerated() {
            revisions.append(RevisionID(generation: letters.count - offset, hash: String(letter)))
        }
        return RevisionPath(revisions) ?? RevisionPath(RevisionID(generation: 1, hash: "invalid"))
    }

    private static func id(_ text: String) -> RevisionID {
        RevisionID(text) ?? RevisionID(generation: 0, hash: "invalid")
    }

    private static func tree(_ leaves: [(String, Bool)]) -> RevisionTree<String> {
        var tree = RevisionTree<String>()
        for (letters, isDeleted) in leaves {
            let path = path(letters)
            tree.insert(path, isDeleted: isDeleted, body: path.leaf.description)
        }
        return tree
    }
}
