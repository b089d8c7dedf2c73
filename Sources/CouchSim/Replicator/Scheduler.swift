import AsyncHTTPClient
import CouchDB
import Foundation
import NIOCore
import Synchronization

/// The replicator of a simulated server: follows the `_replicator` databases, and runs the jobs.
package actor Scheduler {
    let flavour: Flavour
    let timing: ReplicatorTiming
    /// Notified with each change of a job or a document's state.
    let changed = ChangeSignal()
    private let woken = ChangeSignal()
    let gate = ConcurrencyLimit(32)

    var table = JobTable()
    var records: [ReplicationDocumentKey: ReplicationRecord] = [:]
    /// How far each `_replicator` database has been read.
    var positions: [String: (database: Database, sequence: Int)] = [:]
    /// Those who wait for the end of a one-shot `POST /_replicate`.
    var endings: [String: [CheckedContinuation<Result<ReplicationRun.Outcome, CrashReason>, Never>]] = [:]
    var retryCounts: [ReplicationDocumentKey: Int] = [:]
    /// The documents that are no job yet but are to become one, in the order in which they were seen.
    var undecided: [ReplicationDocumentKey] = []

    init(flavour: Flavour, timing: ReplicatorTiming) {
        self.flavour = flavour
        self.timing = timing
    }

    /// Makes the scheduler look at documents and jobs again.
    nonisolated func wake() { woken.notify() }

    /// Runs jobs until the task is cancelled.
    ///
    /// Nothing is known at the start but what documents say.
    func run(on server: SimulatedServer) async throws {
        forget()
        var configuration = HTTPClient.Configuration()
        // The gate limits requests; feeds of a server outside of this process hold a connection each.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 2000
        configuration.timeout.connect = .seconds(5)
        // A refused connection is the job's matter, which counts its own retries.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: configuration)
        let outcome: Result<Void, any Error>
        do {
            try await serve(server, client: client)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        forget()
        try await client.shutdown()
        try outcome.get()
    }

    private func serve(_ server: SimulatedServer, client: HTTPClient) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let version = woken.version
                readDocuments(on: server)
                await decideIDs(on: server, client: client)
                let settings = server.replicatorSettings
                let plan = table.plan(now: timing.elapsed(), settings: settings, timing: timing)
                for id in plan.start {
                    guard
                        let job = table.started(
                            id, at: timing.elapsed(), date: server.options.now(), settings: settings)
                    else { continue }
                    noteTriggered(job, on: server)
                    group.addTask { try await self.execute(job, on: server, client: client) }
                }
                for id in plan.stop { table.jobs[id]?.control.stop() }
                changed.notify()
                await sleep(beyond: version, until: [plan.next, nextRetry].compactMap(\.self).min())
            }
            throw CancellationError()
        }
    }

    private func sleep(beyond version: Int, until moment: Duration?) async {
        guard let moment else { return await woken.wait(beyond: version) }
        let pause = max(.milliseconds(1), moment - timing.elapsed())
        // Both ends of the race mean the same: look again.
        try? await race({ [woken] in await woken.wait(beyond: version) }, { [timing] in try await timing.sleep(pause) })
    }

    private var nextRetry: Duration? {
        undecided.compactMap { key -> Duration? in
            if case .error(_, _, let at) = records[key]?.state { at } else { nil }
        }.min()
    }

    private func execute(_ job: Job, on server: SimulatedServer, client: HTTPClient) async throws {
        let result: Result<ReplicationRun.Outcome, CrashReason>
        do {
            let run = ReplicationRun(
                specification: job.specification, baseID: job.baseID, flavour: flavour,
                source: remote(job.specification.source, job, client),
                target: remote(job.specification.target, job, client), control: job.control, timing: timing,
                now: server.options.now,
                report: { progress in await self.progressed(job, progress) })
            result = .success(try await run.run())
        } catch let reason as CrashReason {
            result = .failure(reason)
        } catch {
            try Task.checkCancellation()
            result = .failure(CrashReason("\(error)"))
        }
        ended(job, result, on: server)
    }

    private func remote(_ endpoint: ReplicationEndpoint, _ job: Job, _ client: HTTPClient) -> RemoteDatabase {
        RemoteDatabase(
            endpoint: endpoint, client: client, gate: gate, retries: job.specification.retries,
            pause: { [timing] attempt in try await timing.sleep(timing.retryPause(attempt)) })
    }

    private func progressed(_ job: Job, _ progress: JobProgress) {
        table.progressed(job.id, control: job.control, progress)
        changed.notify()
    }

    private func ended(
        _ job: Job, _ result: Result<ReplicationRun.Outcome, CrashReason>, on server: SimulatedServer
    ) {
        let settings = server.replicatorSettings
        let (now, date) = (timing.elapsed(), server.options.now())
        switch result {
        case .success(.stopped):
            table.stopped(job.id, control: job.control, at: now, date: date, settings: settings)
        case .success(.completed):
            completed(job, on: server)
        case .failure(let reason):
            table.crashed(
                job.id, control: job.control, reason: reason, at: now, date: date, settings: settings, timing: timing)
            noteCrash(job, reason, on: server)
        }
        if job.document == nil {
            for waiter in endings.removeValue(forKey: job.id) ?? [] { waiter.resume(returning: result) }
        }
        changed.notify()
        wake()
    }

    private func forget() {
        table.removeAll()
        records = [:]
        positions = [:]
        retryCounts = [:]
        undecided = []
        for waiter in endings.values.joined() {
            waiter.resume(returning: .failure(CrashReason("shutdown: the server was stopped")))
        }
        endings = [:]
    }
}

extension SimulatedServer {
    /// The settings of `[replicator]`, with CouchDB's defaults.
    var replicatorSettings: JobTable.Settings {
        let configuration = state.withLock(\.configuration)
        var settings = JobTable.Settings()
        settings.maxJobs = configuration.number("replicator", "max_jobs") ?? settings.maxJobs
        settings.maxChurn = configuration.number("replicator", "max_churn") ?? settings.maxChurn
        settings.maxHistory = configuration.number("replicator", "max_history") ?? settings.maxHistory
        return settings
    }
}
