extension CouchDatabase {
    /// How many changes lie behind a position; nil where the server can't tell.
    ///
    /// Cheap: one seek in each shard. 1.x has no such count; there it is the difference of two integers, which may stay
    /// above zero where documents were changed more than once.
    public func changesPending(since sequence: UpdateSequence) async throws -> Int? {
        guard try await server.latestInfo().isClustered else {
            guard let newest = try await info().updateSequence.value.integer,
                let position = sequence.number
            else { return nil }
            return max(0, newest - position)
        }
        let query = ["since": sequence.parameter, "limit": "0", "style": "all_docs"]
        return try await server.json(.get, [name, "_changes"], query: query)["pending"]?.integer
    }
}
