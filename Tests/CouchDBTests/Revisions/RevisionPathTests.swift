import CouchDB
import Testing

/// Paths of one line, against the tree that works for all.
@Suite struct RevisionPathTests {
    @Test(arguments: SeededGenerator.seeds(50))
    func joinsAsTheTreeDoes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let events = DocumentHistory(using: &generator).events
        for _ in 0..<200 {
            let paths = (0..<2).compactMap { _ in
                events.randomElement(using: &generator)?.path.stemmed(to: Int.random(in: 1...6, using: &generator))
            }
            let (older, newer) = (paths[0], paths[1])
            var tree = RevisionTree<String>()
            tree.insert(older, isDeleted: false, body: nil)
            tree.insert(newer, isDeleted: false, body: nil)
            let isEdit = older.leaf != newer.leaf && newer.contains(older.leaf)
            #expect(newer.joined(to: older) == (isEdit ? tree.path(to: newer.leaf) : nil))
        }
    }

    @Test func doesNotJoinWhatDisagrees() throws {
        let older = try #require(RevisionPath(start: 3, ids: ["c", "b", "a"]))
        let newer = try #require(RevisionPath(start: 4, ids: ["d", "c", "x"]))
        #expect(newer.joined(to: older) == nil)
        #expect(older.joined(to: newer) == nil)
        #expect(older.joined(to: older) == nil)
    }

    @Test func containsItsOwnRevisionsAlone() throws {
        let path = try #require(RevisionPath(start: 3, ids: ["c", "b"]))
        for revision in path.revisions { #expect(path.contains(revision)) }
        for text in ["3-b", "2-c", "1-a", "4-c", "0-c"] {
            #expect(!path.contains(try #require(RevisionID(text))))
        }
        let huge = try #require(RevisionID("99999999999999999999-a"))
        #expect(RevisionPath(huge).contains(huge))
        #expect(!RevisionPath(huge).contains(RevisionID(generation: .max, hash: "a")))
    }
}
