extension CouchDatabase {
    /// Where the copies of its shards lie (2.0 and later).
    public func shards() async throws -> ShardCopies {
        try await server.read(.get, [name, "_shards"]) { try ShardCopies(answer: $0) }
    }

    /// The nodes with copies of the database that are away now; nil where none is, and where the server does not tell.
    ///
    /// Asks nothing where each shard has one copy, and for the shards only where nodes are away.
    ///
    /// - Parameter counts: what the database says of its copies, as in ``DatabaseInfo/copyCounts``.
    /// - Throws: `CancellationError`.
    public func nodesAway(_ counts: CopyCounts?) async throws -> NodesAway? {
        guard counts != nil, let membership = try await told({ try await server.membership() }) else { return nil }
        return try await nodesAway(counts, of: membership)
    }

    /// The same in a cluster whose nodes were asked for.
    ///
    /// - Throws: `CancellationError`.
    public func nodesAway(_ counts: CopyCounts?, of membership: Membership) async throws -> NodesAway? {
        guard let counts, !membership.missingNodes.isEmpty else { return nil }
        return NodesAway(membership, try await told { try await shards() }, counts)
    }

    /// - Returns: nil where there is no answer: many accounts may not ask, and gateways have no such endpoint. Then nothing is
    ///   claimed; a server that is gone shows in what is wanted of it.
    private func told<Answer>(_ ask: () async throws -> Answer) async throws -> Answer? {
        do {
            return try await ask()
        } catch is CouchError {
            try Task.checkCancellation()
            return nil
        }
    }
}
