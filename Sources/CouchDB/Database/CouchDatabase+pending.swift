extension CouchDatabase {
    /// How many changes lie behind a position; nil where the server can't tell.
    ///
    /// Cheap: one seek in each shard. 1.x has no such count; there it is the difference of two integers, which is too
    /// much where documents were changed more than once, and zero where nothing is left.
    public func changesPending(since sequence: UpdateSequence) async throws -> Int? {
        guard try await server.latestInfo().isClustered else {
            guard let position = sequence.number, let newest = try await newestRow() else { return nil }
            return max(0, newest - max(0, position))
        }
        do {
            return try await pending(since: sequence.parameter)
        } catch let error as CouchError where error.status == 400 && sequence.number != nil {
            // The position of a 1.x server that was here before: whoever has it begins anew.
            return try await pending(since: UpdateSequence.zero.parameter)
        }
    }

    private func pending(since position: String) async throws -> Int? {
        let query = ["since": position, "limit": "0", "style": "all_docs"]
        return try await server.json(.get, [name, "_changes"], query: query)["pending"]?.count
    }

    /// The position of the newest row of a 1.x feed, zero where it has none; nil where that is no number.
    ///
    /// Not `update_seq`: a new `_security`, a new `_revs_limit` and a purge raise that without a row, so that nobody
    /// ever gets there. Nor `limit=0`, which is 1 there, nor `since=now`, to which 1.2.2 answers 500 (all seen on 1.2.2
    /// to 1.7.1).
    private func newestRow() async throws -> Int? {
        let query = ["descending": "true", "limit": "1"]
        return try await server.read(.get, [name, "_changes"], query: query) { answer -> Int? in
            guard let rows = answer["results"]?.array else {
                throw CouchError(.malformedAnswer, "a changes feed has no results")
            }
            guard let newest = rows.first else { return 0 }
            return newest["seq"]?.count
        }
    }
}
