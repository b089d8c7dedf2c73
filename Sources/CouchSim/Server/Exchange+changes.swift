import HTTPTypes

extension Exchange {
    func changes(of database: Database) async throws -> SimulatedResponse {
        try allow(.get, .head, .post)
        var query = try ChangesQuery(self.query, sequences: database.sequences)
        switch self.query["filter"] {
        case nil: break
        case "_doc_ids":
            let ids = try request.method == .post ? request.json()["doc_ids"] : self.query.json("doc_ids")
            guard let list = ids?.elements else {
                throw CouchFailure.badRequest("`doc_ids` filter parameter is not a list of doc ids.")
            }
            query.documentIDs = Set(list.compactMap(\.string))
        case "_design":
            query.documentIDs = Set(database.read { $0.documents.keys.filter { $0.hasPrefix("_design/") } })
        default: throw CouchFailure.missing
        }
        query.duplicatesRows = has { if case .duplicateRows = $0 { true } else { false } }
        if has({ if case .rewind = $0 { true } else { false } }) { query.since = 0 }
        let hidesPending = has { if case .pendingUnknown = $0 { true } else { false } }
        let feed = ChangesFeed(
            database: database, query: query, isNumeric: flavour.isSingleNode, hidesPending: hidesPending,
            clock: server.options.clock, isCurrent: { [server] in server.stillHas(database) })
        return feed.response()
    }
}
