import CouchDB
import Testing

/// What must hold of every tree, tried on random histories.
@Suite struct RevisionTreePropertyTests {
    typealias Tree = RevisionTree<String>

    @Test(arguments: SeededGenerator.seeds(25))
    func orderOfInsertionDoesNotMatter(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let events = DocumentHistory(using: &generator).sample(using: &generator)
        let tree = Tree(events)
        for _ in 0..<5 {
            let other = Tree(events.shuffled(using: &generator))
            #expect(other == tree)
            #expect(other.winner == tree.winner)
        }
    }

    @Test(arguments: SeededGenerator.seeds(25))
    func mergingIsCommutativeAssociativeAndIdempotent(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let history = DocumentHistory(using: &generator)
        let (a, b, c) = (
            Tree(history.sample(using: &generator)), Tree(history.sample(using: &generator)),
            Tree(history.sample(using: &generator))
        )
        #expect(a.merging(b).leafSet == b.merging(a).leafSet)
        #expect(a.merging(b).merging(c).leafSet == a.merging(b.merging(c)).leafSet)
        #expect(a.merging(a) == a)
        #expect(a.merging(b).merging(b) == a.merging(b))
    }

    /// Histories that were cut differently still make one set of leaves, as long as their pieces overlap.
    @Test(arguments: SeededGenerator.seeds(25))
    func cutHistoriesMergeInAnyOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let events = DocumentHistory(using: &generator).sample(using: &generator).map { event in
            DocumentHistory.Event(
                path: event.path.stemmed(to: Int.random(in: 1...4, using: &generator)), isDeleted: event.isDeleted)
        }
        let leafSet = Tree(events).leafSet
        for _ in 0..<5 { #expect(Tree(events.shuffled(using: &generator)).leafSet == leafSet) }
    }

    @Test(arguments: SeededGenerator.seeds(25))
    func replicatingBothWaysMakesLeavesEqual(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let history = DocumentHistory(using: &generator)
        var a = Tree(history.sample(using: &generator))
        var b = Tree(history.sample(using: &generator))
        try a.replicate(to: &b)
        #expect(a.leafSet.revisions.allSatisfy(b.contains))
        try b.replicate(to: &a)
        #expect(a.leafSet == b.leafSet)
        #expect(a.winner == b.winner)
        #expect(a.leaves == b.leaves)
        #expect(b.missing(of: a.leafSet.revisions).isEmpty)
    }

    @Test(arguments: SeededGenerator.seeds(25))
    func winnerIsTheFirstOfTheLeaves(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let tree = Tree(DocumentHistory(using: &generator).sample(using: &generator))
        #expect(tree.winner == tree.leaves.first)
        #expect(tree.isDeleted == (!tree.isEmpty && tree.leaves.allSatisfy(\.isDeleted)))
        #expect(Set(tree.leaves.map(\.id)) == Set(tree.leafSet.revisions))
        for leaf in tree.leaves.dropFirst() {
            guard let winner = tree.winner else { continue }
            #expect(!winner.isDeleted || leaf.isDeleted)
            if winner.isDeleted == leaf.isDeleted { #expect(winner.id > leaf.id) }
        }
    }

    @Test(arguments: SeededGenerator.seeds(10), [1, 2, 3, 7])
    func stemmingKeepsLeaves(seed: UInt64, limit: Int) {
        var generator = SeededGenerator(seed: seed)
        let tree = Tree(DocumentHistory(using: &generator).sample(using: &generator))
        var stemmed = tree
        stemmed.stem(to: limit)
        #expect(stemmed.leaves == tree.leaves)
        for leaf in tree.leaves {
            let path = tree.path(to: leaf.id)?.revisions ?? []
            let kept = stemmed.path(to: leaf.id)?.revisions ?? []
            // A path may stay longer where another leaf still needs its ancestors.
            #expect(kept.count >= min(limit, path.count))
            #expect(Array(path.prefix(kept.count)) == kept)
        }
        var again = stemmed
        again.stem(to: limit)
        #expect(again == stemmed)
    }

    @Test(arguments: SeededGenerator.seeds(25))
    func everyKnownRevisionIsPresent(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let history = DocumentHistory(using: &generator)
        let seen = history.sample(using: &generator)
        let tree = Tree(seen)
        let known = Set(seen.flatMap(\.path.revisions))
        let all = Set(history.events.map(\.path.leaf))
        #expect(tree.count == known.count)
        #expect(Set(tree.missing(of: all)) == all.subtracting(known))
    }

    /// Purging all leaves leaves nothing behind, and purging one leaves exactly the histories of the others.
    @Test(arguments: SeededGenerator.seeds(25))
    func purgingRemovesWhatLeadsNowhere(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let tree = Tree(DocumentHistory(using: &generator).sample(using: &generator))
        var emptied = tree
        emptied.purge(tree.leafSet.revisions)
        #expect(emptied.isEmpty)
        guard let victim = tree.leafSet.revisions.randomElement(using: &generator) else { return }
        var purged = tree
        #expect(purged.purge([victim]) == [victim])
        var expected = Tree()
        for leaf in tree.leaves where leaf.id != victim {
            guard let path = tree.path(to: leaf.id) else { continue }
            expected.insert(path, isDeleted: leaf.isDeleted, body: leaf.body)
        }
        purged.compact()
        expected.compact()
        #expect(purged.leaves == expected.leaves)
        #expect(purged.count == expected.count)
    }
}

extension RevisionTree {
    fileprivate func merging(_ other: RevisionTree) -> RevisionTree {
        var merged = self
        merged.merge(other)
        return merged
    }

    /// What a replicator does: list the leaves, ask for what is missing, send those with their history.
    fileprivate func replicate(to target: inout RevisionTree) throws {
        for revision in target.missing(of: leafSet.revisions) {
            let leaf = try #require(self[revision])
            target.insert(try #require(path(to: revision)), isDeleted: leaf.isDeleted, body: leaf.body)
        }
    }
}
