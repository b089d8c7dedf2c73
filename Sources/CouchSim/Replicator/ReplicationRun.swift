import CouchDB
import Foundation
import NIOHTTP1

/// One run of a job: from its start to its end, its crash, or its being stopped.
///
/// Follows `couch_replicator_scheduler_job` and `couch_replicator_worker` step by step, over HTTP.
struct ReplicationRun: Sendable {
    enum Outcome: Sendable {
        /// A one-shot job has copied everything; the log is the checkpoint it left.
        case completed(log: OrderedJSON, changed: Bool)
        case stopped
    }

    let specification: ReplicationSpecification
    /// The id without `+continuous`: the name of the checkpoints.
    let baseID: String
    let flavour: Flavour
    let source: RemoteDatabase
    let target: RemoteDatabase
    let control: JobControl
    let timing: ReplicatorTiming
    let now: @Sendable () -> Date
    let report: @Sendable (JobProgress) async -> Void

    /// Runs until the end.
    func run() async throws -> Outcome {
        try await source.logIn()
        try await target.logIn()
        try await createTargetIfAsked()
        let sourceTime = try await open(source)
        let targetTime = try await open(target)
        var checkpoint = try await Checkpoint.load(
            id: baseID, source: source, target: target, sourceTime: sourceTime, targetTime: targetTime,
            flavour: flavour,
            now: now())
        if let since = specification.sinceSequence { checkpoint.progress.through = since }
        checkpoint.isKept = specification.usesCheckpoints
        await report(checkpoint.progress)
        return try await copy(&checkpoint)
    }

    private func copy(_ checkpoint: inout Checkpoint) async throws -> Outcome {
        let worker = ReplicationWorker(
            specification: specification, flavour: flavour, source: source, target: target)
        var changedAnything = false
        var written = timing.elapsed()
        while true {
            if control.isStopped {
                try await checkpoint.save(now: now())
                return .stopped
            }
            let batch = try await worker.changes(since: checkpoint.progress.through)
            if !batch.rows.isEmpty {
                try await worker.copy(batch.rows, counting: &checkpoint.progress.counters)
                changedAnything = true
            }
            checkpoint.progress.through = batch.last
            checkpoint.progress.isIdle = batch.rows.isEmpty
            await report(checkpoint.progress)
            if batch.rows.isEmpty, !specification.isContinuous {
                let log = try await checkpoint.save(now: now(), evenIfUnchanged: changedAnything)
                await report(checkpoint.progress)
                return .completed(log: log, changed: changedAnything)
            }
            let interval = timing.scaled(milliseconds: specification.checkpointInterval)
            if timing.elapsed() - written >= interval || (batch.rows.isEmpty && interval < .milliseconds(1)) {
                try await checkpoint.save(now: now())
                written = timing.elapsed()
                await report(checkpoint.progress)
            }
            guard batch.rows.isEmpty else { continue }
            let rest = checkpoint.hasUnsavedProgress ? interval - (timing.elapsed() - written) : nil
            try await waitForChange(behind: batch.last, atMost: rest)
        }
    }

    private func createTargetIfAsked() async throws {
        guard specification.createsTarget else { return }
        let answer = try await target.send(.PUT, "")
        guard [200, 201, 202, 412].contains(answer.status) else { throw CrashReason.unauthorized(target.url) }
    }

    /// Opens one side and returns its `instance_start_time`.
    private func open(_ database: RemoteDatabase) async throws -> OrderedJSON {
        let answer = try await database.send(.GET, "")
        switch answer.status {
        case 200:
            guard let json = answer.json, json["update_seq"] != nil, let time = json["instance_start_time"] else {
                throw CrashReason.databaseMissing(database.url)
            }
            return time
        case 401: throw CrashReason.unauthorized(database.url)
        case 403: throw CrashReason.forbidden(database.url)
        default: throw CrashReason.databaseMissing(database.url)
        }
    }

    /// Waits for the source's next change, for the job's stop, or until it is time for a checkpoint.
    private func waitForChange(behind sequence: OrderedJSON, atMost limit: Duration?) async throws {
        let neighbour = Neighbourhood.shared.database(at: source.url)
        let version = neighbour?.changed.version ?? 0
        let stop = control.changed.version
        if control.isStopped { return }
        if let neighbour, let seen = neighbour.position(sequence), neighbour.replicatedSequence > seen { return }
        try await race(
            {
                if let neighbour {
                    await neighbour.changed.wait(beyond: version)
                } else {
                    try await longpoll(behind: sequence)
                }
            },
            { await control.changed.wait(beyond: stop) },
            { if let limit { try await timing.sleep(limit) } else { await control.changed.wait(beyond: stop) } })
        try Task.checkCancellation()
    }

    private func longpoll(behind sequence: OrderedJSON) async throws {
        let worker = ReplicationWorker(
            specification: specification, flavour: flavour, source: source, target: target)
        _ = try await worker.changes(since: sequence, feed: "longpoll")
    }
}
