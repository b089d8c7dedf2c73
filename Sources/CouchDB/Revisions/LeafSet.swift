/// The leaf revisions of one document, as `_changes?style=all_docs` lists them.
///
/// Two databases hold the same revisions of a document exactly when its leaf sets are equal; the order in which a server
/// lists them doesn't count. Which leaves are deleted is not part of it, since the feed doesn't tell.
public struct LeafSet: Sendable, Hashable {
    /// The revisions, in ascending order, each once.
    public let revisions: [RevisionID]

    /// Makes a set of revisions in any order.
    public init(_ revisions: some Sequence<RevisionID>) {
        var sorted = Array(revisions)
        // Most documents have one leaf, and this runs for each row of a feed.
        guard sorted.count > 1 else {
            self.revisions = sorted
            return
        }
        sorted.sort()
        var unique: [RevisionID] = []
        unique.reserveCapacity(sorted.count)
        for revision in sorted where revision != unique.last { unique.append(revision) }
        self.revisions = unique
    }

    /// The number of leaves.
    public var count: Int { revisions.count }

    /// Whether there is no leaf, as in a document that doesn't exist.
    public var isEmpty: Bool { revisions.isEmpty }

    /// Whether the revision is one of the leaves.
    public func contains(_ revision: RevisionID) -> Bool {
        var (low, high) = (0, revisions.count)
        while low < high {
            let middle = (low + high) / 2
            if revisions[middle] < revision { low = middle + 1 } else { high = middle }
        }
        return low < revisions.count && revisions[low] == revision
    }

    /// The leaves that the other set lacks, in ascending order.
    public func subtracting(_ other: LeafSet) -> [RevisionID] { revisions.filter { !other.contains($0) } }
}

extension LeafSet: ExpressibleByArrayLiteral {
    /// Makes a set of the listed revisions.
    public init(arrayLiteral elements: RevisionID...) { self.init(elements) }
}

extension LeafSet: CustomStringConvertible {
    /// The revisions, in ascending order.
    public var description: String { "{\(revisions.map(\.description).joined(separator: ", "))}" }
}
