import Foundation

/// The scheduler's jobs and its decisions, as `couch_replicator_scheduler` takes them; no I/O happens here.
struct JobTable: Sendable {
    /// The settings of `[replicator]` that count here.
    struct Settings: Sendable {
        var maxJobs = 500
        var maxChurn = 20
        var maxHistory = 20
    }

    /// What is to be done now.
    struct Plan: Sendable, Equatable {
        var start: [String] = []
        /// Jobs that make room for others.
        var stop: [String] = []
        /// When to look again, even if nothing happens.
        var next: Duration?
    }

    private(set) var jobs: [String: Job] = [:]
    /// The jobs that don't run: few, as a rule, so that a decision needn't look at all.
    private var waiting: Set<String> = []
    private(set) var crashCount = 0
    private(set) var startCount = 0
    private var lastRotation: Duration = .zero
    private var nextNumber = 300

    mutating func add(
        id: String, specification: ReplicationSpecification, document: ReplicationDocumentKey?, user: String?,
        at date: Date
    ) {
        nextNumber += 1
        var job = Job(
            id: id, specification: specification, document: document, user: user, added: date, number: nextNumber,
            updated: date)
        job.record(.added, at: date, limit: 20)
        jobs[id] = job
        waiting.insert(id)
    }

    /// Removes a job; a run of it is told to stop.
    mutating func remove(_ id: String) {
        waiting.remove(id)
        jobs.removeValue(forKey: id)?.control.stop()
    }

    mutating func removeAll() {
        for id in Array(jobs.keys) { remove(id) }
    }

    mutating func progressed(_ id: String, control: JobControl, _ progress: JobProgress) {
        guard jobs[id]?.control === control else { return }
        jobs[id]?.progress = progress
    }

    mutating func started(_ id: String, at now: Duration, date: Date, settings: Settings) -> Job? {
        guard var job = jobs[id] else { return nil }
        job.phase = .running(since: now)
        job.control = JobControl()
        job.runStart = date
        job.updated = date
        job.record(.started, at: date, limit: settings.maxHistory)
        jobs[id] = job
        waiting.remove(id)
        startCount += 1
        return job
    }

    /// A run ended because it was told to.
    mutating func stopped(_ id: String, control: JobControl, at now: Duration, date: Date, settings: Settings) {
        guard var job = jobs[id], job.control === control else { return }
        job.phase = .pending
        job.lastTurn = now
        job.updated = date
        job.record(.stopped, at: date, limit: settings.maxHistory)
        jobs[id] = job
        waiting.insert(id)
    }

    /// A run ended by itself with an error.
    ///
    /// A transient job isn't tried again.
    mutating func crashed(
        _ id: String, control: JobControl, reason: CrashReason, at now: Duration, date: Date, settings: Settings,
        timing: ReplicatorTiming
    ) {
        guard var job = jobs[id], job.control === control else { return }
        crashCount += 1
        guard job.document != nil else {
            remove(id)
            return
        }
        if case .running(let since) = job.phase, now - since > timing.healthThreshold { job.crashStreak = 0 }
        job.crashStreak += 1
        job.phase = .crashed(at: now)
        job.lastTurn = now
        job.updated = date
        job.progress = nil
        job.record(.crashed, at: date, reason: reason.text, limit: settings.maxHistory)
        jobs[id] = job
        waiting.insert(id)
    }

    /// Decides which jobs start and which make room for others.
    mutating func plan(now: Duration, settings: Settings, timing: ReplicatorTiming) -> Plan {
        var plan = Plan()
        var ready: [Job] = []
        for job in waiting.compactMap({ jobs[$0] }) {
            switch job.phase {
            case .pending: ready.append(job)
            case .crashed(let at):
                let due = at + timing.backOff(crashes: job.crashStreak)
                if due <= now { ready.append(job) } else { plan.next = min(plan.next ?? due, due) }
            case .running: break
            }
        }
        guard !ready.isEmpty else { return plan }
        ready.sort { ($0.lastTurn, $0.added, $0.id) < ($1.lastTurn, $1.added, $1.id) }
        plan.start = ready.prefix(max(0, settings.maxJobs - (jobs.count - waiting.count))).map(\.id)
        guard plan.start.count < ready.count else { return plan }
        let rotation = lastRotation + timing.scaled(milliseconds: ReplicatorTiming.interval)
        guard rotation <= now else {
            plan.next = min(plan.next ?? rotation, rotation)
            return plan
        }
        lastRotation = now
        let waiting = min(settings.maxChurn, ready.count - plan.start.count)
        // A one-shot job keeps its place until it is done.
        plan.stop = jobs.values.filter { $0.isRunning && $0.specification.isContinuous && !$0.control.isStopped }
            .sorted { (Self.start(of: $0), $0.number) < (Self.start(of: $1), $1.number) }.prefix(waiting).map(\.id)
        let after = now + timing.scaled(milliseconds: ReplicatorTiming.interval)
        plan.next = min(plan.next ?? after, after)
        return plan
    }

    private static func start(of job: Job) -> Duration {
        if case .running(let since) = job.phase { since } else { .zero }
    }
}
