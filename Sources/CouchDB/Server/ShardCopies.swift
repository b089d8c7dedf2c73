/// Where the copies of a database's shards lie, at `GET /{db}/_shards` (2.0 and later).
public struct ShardCopies: Sendable, Hashable {
    /// The nodes that are to hold a copy, by the range of hashes, such as `00000000-7fffffff`.
    public let nodes: [String: [String]]

    /// Makes a description.
    public init(nodes: [String: [String]]) { self.nodes = nodes }

    /// Reads the answer to `GET /{db}/_shards`.
    ///
    /// - Throws: ``CouchError`` with code `not-couchdb` where there are no shards in it.
    public init(answer: JSONValue) throws {
        guard let ranges = answer["shards"]?.object, !ranges.isEmpty else {
            throw CouchError(.notCouchDB, "the answer does not describe shards")
        }
        nodes = ranges.mapValues { ($0.array ?? []).compactMap(\.string) }
    }
}

/// How many copies of each shard a database has, and how many of them acknowledge a write: `cluster` of `GET /{db}`.
public struct CopyCounts: Sendable, Hashable {
    /// `n`, two or more.
    public let copies: Int
    /// `w`: the copies that a write is on when it is acknowledged by 201.
    public let quorum: Int

    /// - Returns: nil where there is one copy: what is away with it makes each answer fail.
    public init?(n: Int?, w: Int?) {
        guard let n, n > 1 else { return nil }
        // As mem3:quorum/1.
        (copies, quorum) = (n, w ?? n / 2 + 1)
    }
}
