import CouchDB
import Foundation

/// What the scheduler shows of itself.
extension Scheduler {
    /// The numbers of `_stats`.
    struct Counts: Sendable {
        var total = 0
        var running = 0
        var pending = 0
        var crashed = 0
        var crashes = 0
        var starts = 0
    }

    var counts: Counts {
        let jobs = table.jobs.values
        let running = jobs.count { $0.isRunning }
        let crashed = jobs.count { $0.isCrashed }
        return Counts(
            total: jobs.count, running: running, pending: jobs.count - running - crashed, crashed: crashed,
            crashes: table.crashCount, starts: table.startCount)
    }

    /// All rows of `_scheduler/jobs`, by id.
    func jobRows() -> [OrderedJSON] {
        table.jobs.values.sorted { $0.id < $1.id }.map(row(of:))
    }

    func jobRow(_ id: String) -> OrderedJSON? { table.jobs[id].map(row(of:)) }

    /// The rows of `_scheduler/docs`, by database and id.
    func documentRows(of database: String? = nil) -> [(key: ReplicationDocumentKey, state: String, row: OrderedJSON)] {
        records.filter { database == nil || $0.key.database == database }
            .sorted { ($0.key.database, $0.key.id) < ($1.key.database, $1.key.id) }
            .map { key, record in
                let row = row(of: key, record)
                return (key, row["state"]?.string ?? "", row)
            }
    }

    func documentRow(_ key: ReplicationDocumentKey) -> OrderedJSON? { records[key].map { row(of: key, $0) } }

    /// The rows of `_active_tasks`: running jobs alone.
    func taskRows(now: Date) -> [OrderedJSON] {
        table.jobs.values.filter(\.isRunning).sorted { $0.number < $1.number }.map { task(of: $0, now: now) }
    }

    private func row(of job: Job) -> OrderedJSON {
        var row: OrderedJSON = [
            "database": OrderedJSON(job.document?.database), "id": .string(job.id),
            "pid": job.isRunning ? .string(job.pid) : .null, "source": .string(job.specification.source.url),
            "target": .string(job.specification.target.url), "user": OrderedJSON(job.user),
            "doc_id": OrderedJSON(job.document?.id),
        ]
        if flavour.showsJobInfo { row.append("info", info(of: job)) }
        row.append(
            "history",
            .array(
                job.history.map { event in
                    var json: OrderedJSON = [
                        "timestamp": .string(event.at.couchTime), "type": .string(event.kind.rawValue),
                    ]
                    if let reason = event.reason { json.append("reason", .string(reason)) }
                    return json
                }))
        row.append("node", .string(SimulatedServer.node))
        row.append("start_time", .string(job.added.couchTime))
        return row
    }

    private func info(of job: Job) -> OrderedJSON {
        guard let progress = job.progress else { return .null }
        return .object(
            progress.counters.shown(flavour) + [
                .init("checkpointed_source_seq", shown(progress.checkpointed)),
                .init("source_seq", shown(progress.through)), .init("through_seq", shown(progress.through)),
            ])
    }

    /// A position as 3.x shows it: that of a 1.x source, a number, as a text (`couch_replicator_utils:seq_encode/1`).
    private func shown(_ position: OrderedJSON) -> OrderedJSON {
        guard flavour.showsJobInfo, let number = position.integer else { return position }
        return .string(String(number))
    }

    private func row(of key: ReplicationDocumentKey, _ record: ReplicationRecord) -> OrderedJSON {
        var row: OrderedJSON = ["database": .string(key.database), "doc_id": .string(key.id)]
        let error = { (reason: String) -> OrderedJSON in
            self.flavour.showsJobInfo ? ["error": .string(reason)] : .string(reason)
        }
        var times: [OrderedJSON.Member] = [
            .init("last_updated", .string(record.updated.couchTime)),
            .init("start_time", OrderedJSON(record.start?.couchTime)),
        ]
        let sides: [OrderedJSON.Member] = [
            .init("source", OrderedJSON(record.specification?.source.url)),
            .init("target", OrderedJSON(record.specification?.target.url)),
        ]
        func add(_ members: [OrderedJSON.Member]) { for member in members { row.append(member.name, member.value) } }
        switch record.state {
        case .initializing:
            add([.init("id", .null), .init("state", "initializing"), .init("info", .null), .init("error_count", 0)])
            add([.init("node", .string(SimulatedServer.node))] + times)
        case .error(let reason, let count, _):
            add(
                [
                    .init("id", .null), .init("state", "error"), .init("info", error(reason)),
                    .init("error_count", .integer(count)), .init("node", .string(SimulatedServer.node)),
                ] + times)
        case .failed(let reason):
            add([.init("id", .null)] + sides)
            add([.init("state", "failed"), .init("error_count", 1), .init("info", error(reason))] + times.reversed())
        case .completed(let statistics):
            add([.init("id", .null)] + sides)
            add([.init("state", "completed"), .init("error_count", 0), .init("info", statistics)] + times.reversed())
        case .scheduled(let id):
            add([.init("id", .string(id)), .init("node", .string(SimulatedServer.node))] + sides)
            guard let job = table.jobs[id] else { return row }
            times[0].value = .string(job.updated.couchTime)
            add(state(of: job, error: error) + times)
            add(
                flavour.isOlderThan3
                    ? [.init("proxy", .null)] : [.init("source_proxy", .null), .init("target_proxy", .null)])
        }
        return row
    }

    private func state(of job: Job, error: (String) -> OrderedJSON) -> [OrderedJSON.Member] {
        let info = flavour.showsJobInfo ? info(of: job) : .null
        switch job.phase {
        case .pending: return [.init("state", "pending"), .init("info", info), .init("error_count", 0)]
        case .running(let since):
            let isHealthy = timing.elapsed() - since > timing.healthThreshold
            return [
                .init("state", "running"), .init("info", info),
                .init("error_count", .integer(isHealthy ? 0 : job.crashStreak)),
            ]
        case .crashed:
            let reason = job.history.first { $0.kind == .crashed }?.reason ?? ""
            return [
                .init("state", "crashing"), .init("info", error(reason)),
                .init("error_count", .integer(job.crashStreak)),
            ]
        }
    }

    private func task(of job: Job, now: Date) -> OrderedJSON {
        let progress = job.progress ?? JobProgress()
        let started = OrderedJSON.integer(Int((job.runStart ?? job.added).timeIntervalSince1970))
        var row: OrderedJSON = flavour.isSingleNode ? [:] : ["node": .string(SimulatedServer.node)]
        row.append("pid", .string(job.pid))
        if flavour.showsProcessStatus { row.append("process_status", "waiting") }
        row.append("type", "replication")
        row.append("replication_id", .string(job.id))
        row.append("doc_id", OrderedJSON(job.document?.id))
        row.append("source", .string(job.specification.source.url))
        row.append("target", .string(job.specification.target.url))
        row.append("continuous", .bool(job.specification.isContinuous))
        for member in progress.counters.shown(flavour) { row.append(member.name, member.value) }
        row.append("source_seq", shown(progress.through))
        row.append("checkpointed_source_seq", shown(progress.checkpointed))
        row.append("checkpoint_interval", .integer(job.specification.checkpointInterval))
        row.append("started_on", started)
        row.append("updated_on", .integer(Int(now.timeIntervalSince1970)))
        guard !flavour.isSingleNode else {
            row.append("progress", 100)
            return row
        }
        row.append("through_seq", shown(progress.through))
        row.append("database", OrderedJSON(job.document.map { "shards/00000000-7fffffff/\($0.database).1795502453" }))
        row.append("user", OrderedJSON(job.user))
        return row
    }
}
