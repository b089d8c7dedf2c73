import CouchDB

/// Everything that ever happened to one document, anywhere: from it, tests draw what single databases have seen.
struct DocumentHistory {
    struct Event {
        var path: RevisionPath
        var isDeleted: Bool
    }

    private(set) var events: [Event] = []

    /// A random history of edits, conflicts, deletions and independent creations.
    init(using generator: inout SeededGenerator, count: Int = 30) {
        for number in 0..<count {
            // Short hashes of few letters, so that the winner is often decided by the hash.
            let hash = "\(Character(UnicodeScalar(UInt8.random(in: 97...101, using: &generator))))\(number)"
            let isDeleted = Int.random(in: 0..<4, using: &generator) == 0
            if let parent = events.randomElement(using: &generator), Int.random(in: 0..<8, using: &generator) > 0 {
                let id = RevisionID(generation: parent.path.start + 1, hash: hash)
                guard let path = RevisionPath([id] + parent.path.revisions) else { continue }
                events.append(Event(path: path, isDeleted: isDeleted))
            } else {
                events.append(
                    Event(path: RevisionPath(RevisionID(generation: 1, hash: hash)), isDeleted: isDeleted))
            }
        }
    }

    /// Some of the events in any order, as one database may have received them.
    func sample(using generator: inout SeededGenerator) -> [Event] {
        let count = Int.random(in: 0...events.count, using: &generator)
        return Array(events.shuffled(using: &generator).prefix(count))
    }
}

extension RevisionTree<String> {
    /// The tree of a database that received the events in this order; each body names its revision.
    init(_ events: some Sequence<DocumentHistory.Event>) {
        self.init()
        for event in events { insert(event.path, isDeleted: event.isDeleted, body: event.path.leaf.description) }
    }
}
