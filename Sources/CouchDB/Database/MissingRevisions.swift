/// What a database lacks of one document, as `_revs_diff` tells.
public struct MissingRevisions: Sendable, Hashable {
    /// The revisions that it does not know.
    public var missing: [String]
    /// Leaf revisions that it has and from which the missing ones may descend.
    public var possibleAncestors: [String]

    /// Makes a description.
    public init(missing: [String], possibleAncestors: [String] = []) {
        self.missing = missing
        self.possibleAncestors = possibleAncestors
    }
}
