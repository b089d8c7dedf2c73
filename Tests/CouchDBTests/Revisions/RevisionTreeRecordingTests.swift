import CouchDB
import Foundation
import Testing

/// Random histories that were written into a CouchDB 3.5.0 with `new_edits: false`, and what it answered.
///
/// Half of the histories are cut, as `_revs_limit` does it.
@Suite struct RevisionTreeRecordingTests {
    struct Recording: Decodable {
        struct Insert: Decodable {
            var start: Int
            var ids: [String]
            var deleted: Bool
        }
        var inserts: [Insert]
        /// `_changes?style=all_docs`, the winner first.
        var leaves: [RevisionID]
        var deleted: Bool
        /// `_revs_diff`.
        var asked: [RevisionID]
        var missing: Set<RevisionID>
        var possibleAncestors: Set<RevisionID>
        /// `_revisions` of the winner.
        var winnerPath: [String]
        /// `_conflicts` and `_deleted_conflicts` of documents that are not deleted.
        var conflicts: Set<RevisionID>?
        var deletedConflicts: Set<RevisionID>?
    }

    @Test func treeAnswersAsCouchDB() throws {
        let recordings = try JSONDecoder().decode(
            [Recording].self, from: Data(Fixture.bytes("revision-trees.json")))
        #expect(recordings.count == 60)
        for (number, recording) in recordings.enumerated() {
            var tree = RevisionTree<Never>()
            for insert in recording.inserts {
                let path = try #require(RevisionPath(start: insert.start, ids: insert.ids))
                tree.insert(path, isDeleted: insert.deleted, body: nil)
            }
            let missing = tree.missing(of: recording.asked)
            #expect(tree.leaves.map(\.id) == recording.leaves, "recording \(number)")
            #expect(tree.winner?.id == recording.leaves.first, "recording \(number)")
            #expect(tree.isDeleted == recording.deleted, "recording \(number)")
            #expect(Set(missing) == recording.missing, "recording \(number)")
            #expect(
                Set(tree.possibleAncestors(ofMissing: missing)) == recording.possibleAncestors, "recording \(number)")
            #expect(tree.path(to: recording.leaves[0])?.ids == recording.winnerPath, "recording \(number)")
            guard let conflicts = recording.conflicts else { continue }
            #expect(Set(tree.conflicts) == conflicts, "recording \(number)")
            #expect(Set(tree.deletedConflicts) == recording.deletedConflicts, "recording \(number)")
        }
    }
}
