extension CouchDatabase {
    /// Where the copies of its shards lie (2.0 and later).
    public func shards() async throws -> ShardCopies {
        try await server.read(.get, [name, "_shards"]) { try ShardCopies(answer: $0) }
    }

    /// The nodes with copies of the database that are away now; nil where none is, and where nobody tells, as in
    /// ``ServerConnection/knownMembership()``.
    ///
    /// Asks nothing where each shard has one copy. The shards tell of nodes too that were taken out of the cluster, whose copies
    /// it still counts.
    ///
    /// - Parameter counts: what the database says of its copies, as in ``DatabaseInfo/copyCounts``.
    /// - Throws: ``CouchError`` where there is no answer: then nothing is known, which is not that all are there.
    public func nodesAway(_ counts: CopyCounts?) async throws -> NodesAway? {
        guard let counts, let membership = try await server.knownMembership() else { return nil }
        return NodesAway(membership, try await knownShards(), counts)
    }

    /// The same in a cluster whose nodes were asked for.
    ///
    /// - Parameter isThorough: whether the shards are asked for too where all nodes of the cluster are there: they tell of those
    ///   that were taken out of it.
    /// - Throws: `CancellationError`.
    public func nodesAway(
        _ counts: CopyCounts?, of membership: Membership, isThorough: Bool = false
    ) async throws -> NodesAway? {
        guard let counts, isThorough || !membership.missingNodes.isEmpty else { return nil }
        return NodesAway(membership, try await knownShards(), counts)
    }

    /// - Returns: nil where there is no answer: then as many copies are taken for away as may be.
    private func knownShards() async throws -> ShardCopies? {
        do {
            return try await shards()
        } catch is CouchError {
            try Task.checkCancellation()
            return nil
        }
    }
}
