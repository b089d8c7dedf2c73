/// One revision with its ancestors, newest first: what CouchDB writes as `_revisions: {start, ids}`.
///
/// The oldest ancestors are missing where the history was longer than the database's `_revs_limit`.
public struct RevisionPath: Sendable, Hashable {
    /// The revisions, newest first; never empty, each one generation older than the one before.
    public let revisions: [RevisionID]

    /// Makes the path that `_revisions` describes.
    ///
    /// nil where there is no id, or where there are more than there were generations.
    public init?(start: Int, ids: some Collection<String>) {
        guard !ids.isEmpty, start >= ids.count else { return nil }
        revisions = ids.enumerated().map { RevisionID(generation: start - $0.offset, hash: $0.element) }
    }

    /// Makes a path of revisions, newest first.
    ///
    /// nil where there is none, or where the generations don't fall by one from each to the next.
    public init?(_ revisions: [RevisionID]) {
        guard let last = revisions.last, last.generation > 0,
            // No generation is negative, so that the difference can't overflow as a sum could.
            zip(revisions, revisions.dropFirst()).allSatisfy({ $0.generation - $1.generation == 1 })
        else { return nil }
        self.revisions = revisions
    }

    /// Makes a path of one revision whose ancestors are not known.
    public init(_ revision: RevisionID) { revisions = [revision] }

    /// The newest revision, which the others lead to.
    public var leaf: RevisionID { revisions[0] }

    /// The generation of the newest revision.
    public var start: Int { leaf.generation }

    /// The hashes, newest first.
    public var ids: [String] { revisions.map(\.hash) }

    /// The path without its oldest revisions, so that at most `limit` are left.
    public func stemmed(to limit: Int) -> RevisionPath {
        precondition(limit > 0, "a path keeps its leaf")
        return RevisionPath(unchecked: Array(revisions.prefix(limit)))
    }

    /// Tells whether the revision is the leaf or one of its known ancestors.
    public func contains(_ revision: RevisionID) -> Bool {
        let place = start - revision.generation
        return revisions.indices.contains(place) && revisions[place] == revision
    }

    /// The path with the ancestors that an older path of the same line knows beyond it.
    ///
    /// nil where the older path's leaf is none of the known ancestors, or where the two disagree on what came before it.
    public func joined(to older: RevisionPath) -> RevisionPath? {
        let newer = start - older.start
        guard newer > 0, newer < revisions.count, zip(revisions[newer...], older.revisions).allSatisfy(==) else {
            return nil
        }
        return revisions.count - newer >= older.revisions.count
            ? self : RevisionPath(unchecked: revisions[..<newer] + older.revisions)
    }

    init(unchecked revisions: [RevisionID]) { self.revisions = revisions }
}

extension RevisionPath: CustomStringConvertible {
    /// The leaf and the number of its known ancestors.
    public var description: String { "\(leaf) with \(revisions.count - 1) ancestors" }
}

extension RevisionPath: Codable {
    private enum CodingKeys: CodingKey { case start, ids }

    /// Decodes `{"start": 3, "ids": ["…", …]}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let start = try container.decode(Int.self, forKey: .start)
        let ids = try container.decode([String].self, forKey: .ids)
        guard let path = RevisionPath(start: start, ids: ids) else {
            throw DecodingError.dataCorruptedError(
                forKey: .ids, in: container, debugDescription: "\(ids.count) ids can't lead to generation \(start)")
        }
        self = path
    }

    /// Encodes `{"start": 3, "ids": ["…", …]}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(start, forKey: .start)
        try container.encode(ids, forKey: .ids)
    }
}
