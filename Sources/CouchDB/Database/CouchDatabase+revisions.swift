extension CouchDatabase {
    /// Asks which of these revisions the database does not know; documents of which it knows all are absent.
    ///
    /// A revision that is only an ancestor of another one counts as known.
    ///
    /// - Parameter revisions: revisions by document, some hundred documents at a time.
    public func revisionsDiff(_ revisions: [String: [String]]) async throws -> [String: MissingRevisions] {
        guard !revisions.isEmpty else { return [:] }
        let body = JSONValue.object(revisions.mapValues { .array($0.map { .string($0) }) })
        return try await server.read(.post, [name, "_revs_diff"], body: body, isIdempotent: true) { answer in
            guard let members = answer.object else { throw CouchError(.malformedAnswer, "_revs_diff is not an object") }
            return try members.mapValues { entry in
                guard let missing = entry["missing"]?.array else {
                    throw CouchError(.malformedAnswer, "an entry of _revs_diff has no list of missing revisions")
                }
                return MissingRevisions(
                    missing: missing.compactMap(\.string),
                    possibleAncestors: (entry["possible_ancestors"]?.array ?? []).compactMap(\.string))
            }
        }
    }
}
