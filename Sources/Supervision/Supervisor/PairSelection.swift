import CouchDB

/// Which pairs a pass looks at.
package struct PairSelection: Sendable {
    /// The pairs, explicit ones and those that globs have found.
    package var pairs: [Pair]
    /// For each source, the databases that no pair covers.
    package var unprotected: [String: [String]]
    /// For each source, the patterns of the configuration that match no database.
    package var unmatched: [String: [String]]

    /// For each source, what is left out since several databases would share one target.
    package var conflicts: [String: [String]]

    package init(
        pairs: [Pair], unprotected: [String: [String]] = [:], unmatched: [String: [String]] = [:],
        conflicts: [String: [String]] = [:]
    ) {
        self.pairs = pairs
        self.unprotected = unprotected
        self.unmatched = unmatched
        self.conflicts = conflicts
    }
}

/// A pair that was supervised before.
package struct RememberedPair: Sendable, Hashable {
    package var source: DatabaseAddress
    package var target: DatabaseAddress?

    package init(source: DatabaseAddress, target: DatabaseAddress?) { (self.source, self.target) = (source, target) }

    package init?(_ memory: PairMemory) {
        guard let source = memory.source else { return nil }
        self.init(source: source, target: memory.target)
    }
}

/// Makes the pairs of a pass from what the servers list.
///
/// It gets the database names of each source, unknown where a server could not be asked, and all pairs ever seen, so that a
/// database that vanished is still looked for, and none takes over the backup of another.
package typealias PairSelector =
    @Sendable (_ names: [String: Observed<[String]>], _ remembered: Set<RememberedPair>) -> PairSelection
