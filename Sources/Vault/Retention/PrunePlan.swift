import CouchDB

/// What a pruning would drop. Making a plan changes nothing.
package struct PrunePlan: Sendable, Hashable {
    /// All moments, oldest first.
    package var decisions: [MomentDecision]
    /// The moments that can't be read since their row is damaged, and that are dropped: a later one can.
    package var damaged: [Int] = []

    package var dropped: [Moment] { decisions.filter { !$0.isKept }.map(\.moment) }
    /// How many moments are dropped, damaged ones among them.
    package var droppedCount: Int { dropped.count + damaged.count }
    package var isEmpty: Bool { droppedCount == 0 }
    package var kept: [Moment] { decisions.filter(\.isKept).map(\.moment) }
}

/// What a pruning did.
package struct PruneResult: Sendable, Hashable {
    package var moments = 0
    /// Leaf rows, documents and attachments that no kept moment shows.
    package var leaves = 0
    package var bodies = 0
    package var attachments = 0
    /// Rows of moments, epochs, checkpoints and attachments that a disk had lost or damaged, and that no kept moment lacks: a
    /// check tells of them no more.
    package var goneRows = 0
    /// Bytes that the files became smaller by.
    package var freedBytes = 0

    /// How it ended: space may be given back where no moment is dropped, as after a pruning that was cut off.
    ///
    /// - Parameter bytes: ``freedBytes`` for people.
    package func words(givenBack bytes: String) -> String {
        if moments > 0 { return "Dropped \(Wording.counted(moments, "moment")), \(bytes) given back." }
        return freedBytes > 0 ? "No moment to drop; \(bytes) given back." : "No moment to drop."
    }
}
