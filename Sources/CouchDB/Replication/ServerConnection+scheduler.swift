extension ServerConnection {
    private static let jobsPerPage = 1000

    /// One row of the list: two nodes may have a job of one id, of which one waits for the other to end.
    private struct ListedJob: Hashable {
        var id: ReplicationID
        var node: String?
    }

    /// The replications whose processes are alive, on any version.
    ///
    /// Needs a server admin from 2.3 on.
    public func activeReplications() async throws -> [ActiveTask] {
        try await read(.get, ["_active_tasks"]) { answer in
            guard answer.array != nil else { throw CouchError(.malformedAnswer, "_active_tasks is not a list") }
            return ActiveTask.replications(answer: answer)
        }
    }

    /// All jobs of the scheduler, transient ones included (2.1 and later).
    ///
    /// Needs a server admin.
    ///
    /// - Throws: ``CouchError``; code `unsupported` before 2.1, `malformed-answer` where the server says that there are
    ///   more jobs than it hands out.
    public func schedulerJobs() async throws -> [SchedulerJob] {
        try await require(\.hasScheduler, "_scheduler (2.1 and later)")
        // Jobs that come or go between two pages move the others, so a listing that doesn't add up is read again.
        var (found, total) = (0, 0)
        for _ in 0..<3 {
            let jobs: [SchedulerJob]
            (jobs, total) = try await listJobs()
            if jobs.count >= total { return jobs }
            found = jobs.count
        }
        throw CouchError(
            .malformedAnswer, "_scheduler/jobs says that there are \(total) jobs but hands out \(found)",
            request: CouchRequest(.get, ["_scheduler", "jobs"]).shown(on: url))
    }

    private func listJobs() async throws -> (jobs: [SchedulerJob], total: Int) {
        var jobs: [ListedJob: SchedulerJob] = [:]
        var order: [ListedJob] = []
        var skip = 0
        while true {
            let query = ["limit": String(Self.jobsPerPage), "skip": String(skip)]
            let (page, total) = try await read(.get, ["_scheduler", "jobs"], query: query) { answer in
                guard let rows = answer["jobs"]?.array, let total = answer["total_rows"]?.count else {
                    throw CouchError(.malformedAnswer, "_scheduler/jobs has no jobs or no total_rows")
                }
                return (try rows.map(SchedulerJob.init(answer:)), total)
            }
            for job in page {
                let key = ListedJob(id: job.id, node: job.node)
                if jobs.updateValue(job, forKey: key) == nil { order.append(key) }
            }
            skip += page.count
            if page.isEmpty || skip >= total { return (order.compactMap { jobs[$0] }, total) }
        }
    }

    /// One job of the scheduler, nil where there is none of that id.
    public func schedulerJob(_ id: ReplicationID) async throws -> SchedulerJob? {
        try await require(\.hasScheduler, "_scheduler (2.1 and later)")
        do {
            return try await read(.get, ["_scheduler", "jobs", id.text]) { try SchedulerJob(answer: $0) }
        } catch let error as CouchError where error.code == .notFound {
            return nil
        }
    }

    /// What became of the documents of a `_replicator` database (2.1 and later).
    ///
    /// Documents that no node has picked up are not listed: ``schedulerDocument(_:in:)`` shows those with a nil state.
    ///
    /// - Throws: ``CouchError``; code `unsupported` before 2.1.
    public func schedulerDocuments(in database: String = "_replicator") async throws -> [SchedulerDocument] {
        try await require(\.hasScheduler, "_scheduler (2.1 and later)")
        // Not page by page: the server applies `limit` and `skip` in each shard before it drops the rows that have no
        // state (couch_replicator_fabric_rpc.erl), so that later pages can miss documents. Only a limit above the number
        // of documents is safe. total_rows is that number, less one up to 3.3.1.
        var limit = 1000
        while true {
            let query = ["limit": String(limit)]
            let (documents, total) = try await read(.get, ["_scheduler", "docs", database], query: query) { answer in
                guard let rows = (answer["docs"] ?? answer["rows"])?.array else {
                    throw CouchError(.malformedAnswer, "_scheduler/docs has no docs")
                }
                return (try rows.map(SchedulerDocument.init(answer:)), answer["total_rows"]?.count ?? rows.count)
            }
            if total < limit, documents.count < limit { return documents }
            limit = max(total, limit) * 2
        }
    }

    /// What became of one replication document; nil where there is no such document.
    ///
    /// Its state is nil where no node has picked it up.
    public func schedulerDocument(
        _ id: String, in database: String = "_replicator"
    ) async throws -> SchedulerDocument? {
        try await require(\.hasScheduler, "_scheduler (2.1 and later)")
        do {
            return try await read(.get, ["_scheduler", "docs", database, id]) { try SchedulerDocument(answer: $0) }
        } catch let error as CouchError where error.code == .notFound {
            return nil
        }
    }
}
