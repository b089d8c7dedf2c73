extension ServerConnection {
    /// How many names one `_all_dbs` page holds.
    private static let namesPerPage = 5000
    /// `[chttpd] max_db_number_for_dbs_info_req` is 100 by default.
    private static let namesPerInfoRequest = 100

    /// The names of all databases, system databases included.
    ///
    /// Needs a server admin from 3.0 on.
    public func databaseNames() async throws -> [String] {
        guard try await latestInfo().isClustered else { return try await databaseNames(query: [:]) }
        var names: [String] = []
        var seen: Set<String> = []
        while true {
            var query = ["limit": String(Self.namesPerPage)]
            if let last = names.last { query["startkey"] = JSONValue.string(last).text }
            let page = try await databaseNames(query: query)
            // The page begins with the last name, unless that database was deleted meanwhile.
            let new = page.filter { seen.insert($0).inserted }
            names += new
            if new.isEmpty || page.count < Self.namesPerPage { return names }
        }
    }

    private func databaseNames(query: [String: String]) async throws -> [String] {
        try await read(.get, ["_all_dbs"], query: query) { answer in
            guard let names = answer.array else {
                throw CouchError(.notCouchDB, "the answer is not a list of databases")
            }
            return names.compactMap(\.string)
        }
    }

    /// What the server says of several databases; those that don't exist are absent.
    ///
    /// Asks `_dbs_info` for a hundred at a time, and each database by itself where the server has no such endpoint.
    public func databaseInfos(_ names: [String]) async throws -> DatabaseInfos {
        let names = Array(Set(names)).sorted()
        guard !names.isEmpty else { return DatabaseInfos() }
        guard try await latestInfo().hasDatabasesInfo else { return try await singleInfos(names) }
        let batches = stride(from: 0, to: names.count, by: Self.namesPerInfoRequest).map {
            Array(names[$0..<min($0 + Self.namesPerInfoRequest, names.count)])
        }
        let answers = try await batches.concurrentMap(atMost: 4) { try await self.batchInfos($0) }
        return answers.reduce(into: DatabaseInfos()) { $0.merge($1) }
    }

    private func batchInfos(_ names: [String]) async throws -> DatabaseInfos {
        let rows: [JSONValue]
        do {
            rows = try await read(
                .post, ["_dbs_info"], body: ["keys": .array(names.map { .string($0) })], isIdempotent: true
            ) { answer in
                guard let rows = answer.array else { throw CouchError(.malformedAnswer, "_dbs_info is not a list") }
                return rows
            }
        } catch let error as CouchError where [400, 404, 405].contains(error.status) {
            // A gateway without the endpoint, or a lower limit of names.
            return try await singleInfos(names)
        }
        var answer = DatabaseInfos()
        for row in rows {
            guard let name = row["key"]?.string, let info = row["info"] else { continue }
            answer.infos[name] = try DatabaseInfo(answer: info)
        }
        // Its `not_found` stands for any failure, as of shards that can't be opened now (chttpd_misc.erl).
        answer.merge(try await singleInfos(names.filter { answer.infos[$0] == nil }))
        return answer
    }

    private func singleInfos(_ names: [String]) async throws -> DatabaseInfos {
        let answers = try await names.concurrentMap(atMost: configuration.concurrentConnections) { name in
            var answer = DatabaseInfos()
            do {
                answer.infos[name] = try await self.database(name).info()
            } catch let error as CouchError where error.isDatabaseMissing {
                return answer
            } catch let error as CouchError where error.status != nil {
                // It says nothing of the server's other databases, unlike no answer at all.
                answer.failures[name] = error
            }
            return answer
        }
        return answers.reduce(into: DatabaseInfos()) { $0.merge($1) }
    }
}
