import Backup
import CouchDB
import Foundation
import Secrets
import Supervision
import Synchronization
import Vault

/// Rehearses the restores that are due, one after the other.
struct DrillPass: Sendable {
    /// A pair and what is due for it.
    struct Turn: Sendable {
        var pair: VerifiablePair
        var report: PairReport
        var due: DrillSchedule.Due
    }

    private let loaded: LoadedConfiguration
    private let state: StateDatabase
    private let environment: [String: String]?
    private let now: @Sendable () -> Date
    /// The largest backup that is restored into memory, in bytes.
    var memoryLimit = DrillRun.usualMemoryLimit

    init(
        _ loaded: LoadedConfiguration, state: StateDatabase, environment: [String: String]?,
        now: @escaping @Sendable () -> Date
    ) {
        (self.loaded, self.state, self.environment, self.now) = (loaded, state, environment, now)
    }

    private var configuration: Configuration { loaded.configuration }
    private var store: StoredDrills { StoredDrills(state) }
    private var scratches: StoredScratches { StoredScratches(state) }

    // MARK: What is due

    /// What is due after a pass, the most urgent first; asks no server where nothing can be due.
    func turns(after report: Report, fleet: Fleet) async throws -> [Turn] {
        let due = try await due(after: report)
        guard !due.isEmpty else { return [] }
        let directory = try await PairDirectory(configuration, fleet: fleet, state: state)
        let reports = Dictionary(report.pairs.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        return directory.pairs
            .compactMap { pair in
                guard let found = due[pair.key], let report = reports[pair.key], Self.canLogIn(to: pair, fleet) else {
                    return nil
                }
                return Turn(pair: pair, report: report, due: found)
            }
            .sorted { ($0.due.since, $0.pair.key) < ($1.due.since, $1.pair.key) }
    }

    /// What is due, by the pairs' keys.
    private func due(after report: Report) async throws -> [String: DrillSchedule.Due] {
        guard let schedule = DrillSchedule(configuration),
            try await !schedule.isHeld(by: store.outage(), now: now())
        else { return [:] }
        let histories = try await store.histories()
        let evidence = try await BackupEvidence.spans(state, configuration)
        let memories = try await StoredVaultMemories(state).all()
        var due: [String: DrillSchedule.Due] = [:]
        for pair in report.pairs where Self.canBeRead(pair, in: report) {
            let history = DrillHistory(histories[pair.target] ?? [], within: evidence[pair.target])
            // What was rehearsed is there, also where its source can't tell now whether all of it is.
            guard Self.hasBackup(pair, memories) || (VaultPair.backup(of: pair.target) == nil && !history.all.isEmpty)
            else { continue }
            let isLacking = pair.findings.contains { $0.rule == BackupIncomplete.name }
            due[pair.key] = schedule.due(history, isLacking: isLacking, mode: pair.mode, now: now())
        }
        return due
    }

    /// Whether something of earlier drills is still to be put in order: a scratch database, or what became of one.
    var hasLeftovers: Bool {
        get async throws {
            guard try await scratches.all().isEmpty else { return true }
            return try await store.hasBegun
        }
    }

    /// Notes since when pairs are to be rehearsed, so that one that never is becomes overdue.
    ///
    /// - Parameter memories: what is remembered of the pairs into the vault, by their targets.
    func noteDue(_ report: Report, _ memories: [String: VaultMemory]) async throws {
        let pairs = DrillSchedule(configuration) == nil ? [] : report.pairs.filter { $0.mode != .off }
        let ready = pairs.filter { Self.hasBackup($0, memories) }
        let unknown = pairs.filter { VaultPair.backup(of: $0.target) == nil }
        try await store.noteDue(ready.map(\.key), besides: unknown.map(\.key), at: now())
    }

    /// Whether there is a backup: in the vault a moment, on a server a database that was known to hold everything.
    private static func hasBackup(_ pair: PairReport, _ memories: [String: VaultMemory]) -> Bool {
        if VaultPair.backup(of: pair.target) != nil { return memories[pair.target]?.backup != nil }
        return VerificationPass.wasFilled(pair)
    }

    /// Whether the backup was seen by the pass; its source need not be there.
    private static func canBeRead(_ pair: PairReport, in report: Report) -> Bool {
        let blocking: Set<String> = [TargetMissing.name, SourceIsTarget.name]
        return !pair.findings.contains { blocking.contains($0.rule) }
            && !report.servers.contains { !$0.reachable && pair.target.hasPrefix($0.url + "/") }
    }

    private static func canLogIn(to pair: VerifiablePair, _ fleet: Fleet) -> Bool {
        guard !pair.isInVault else { return true }
        return fleet.servers.first { $0.name == pair.servers.last }?.secretError == nil
    }

    // MARK: Rehearsing

    /// Rehearses what is due, one at least, and begins another drill only while the time lasts; removes what earlier ones have
    /// left. Where another process is at it, nothing is done.
    ///
    /// - Parameters:
    ///   - options: says which scratch databases are taken for gone, where nobody can be asked for them.
    ///   - interval: how long what has come of one drill may wait for that of others.
    ///   - stop: ends it; the scratch is removed even so.
    ///   - tell: takes the names of pairs and servers of which something has come.
    /// - Throws: `StateError`, `CancellationError`, and what `tell` throws.
    func run(
        _ turns: [Turn], after report: Report, _ options: PassOptions, fleet: Fleet, tellingEvery interval: Duration,
        until stop: StopRequest, tell: ([String]) async throws -> Void
    ) async throws {
        guard let lock = try StateFolder(loaded).lockDrills() else { return }
        defer { lock.release() }
        try await Gathering.run(
            tellingEvery: interval,
            work: { found in
                let names = try await putInOrder(after: report, options, fleet: fleet)
                for name in names { found(name) }
                try await rehearse(turns, after: report, fleet: fleet, until: stop, ended: found)
            }, tell: tell)
    }

    /// Removes what earlier drills have left, and keeps what became of those that were killed.
    ///
    /// - Returns: the names of pairs and servers of which there is something to tell.
    private func putInOrder(after report: Report, _ options: PassOptions, fleet: Fleet) async throws -> [String] {
        let removal = ScratchRemoval(loaded: loaded, state: state, environment: environment)
        let told = try await removal.run(fleet, accepting: options).compactMap { report.subject(of: $0)?.name }
        try await forgetOutageOfGoneScratch()
        let interrupted = try await store.endInterrupted()
        return told + report.pairs.filter { interrupted.contains($0.target) }.map(\.pair)
    }

    /// Lets drills be made again where a scratch stood against them that is gone now.
    private func forgetOutageOfGoneScratch() async throws {
        guard let outage = try await store.outage(), outage.obstacle == .scratchLeft else { return }
        let isLeft = try await scratches.all().contains { $0.isLeft(on: outage.place) }
        if !isLeft { try await store.forgetOutage() }
    }

    private func rehearse(
        _ turns: [Turn], after report: Report, fleet: Fleet, until stop: StopRequest, ended: (String) -> Void
    ) async throws {
        // Another check may have rehearsed some meanwhile.
        let due = try await due(after: report)
        let turns = turns.filter { due[$0.pair.key] != nil }
        guard !turns.isEmpty else { return }
        let deadline = ContinuousClock.now + (configuration.drill?.budget ?? DrillConfiguration.defaultBudget)
        try await withPlace(fleet) { server in
            for (index, turn) in turns.enumerated()
            where (index == 0 || ContinuousClock.now < deadline) && !stop.isRequested {
                if let server, let reason = try await reason(against: server) {
                    // The others would fare no better, each after a time of its own.
                    try await note(reason, against: server)
                    for turn in turns[index...] { ended(turn.report.pair) }
                    return
                }
                try await store.begin(inVain(turn, on: server, .processGone))
                try await keep(try await rehearse(turn, on: server, until: stop))
                ended(turn.report.pair)
            }
        }
    }

    /// Keeps what has come of a drill, however long others are at the memory: it may have taken hours.
    private func keep(_ report: DrillReport) async throws {
        for _ in 1..<Self.attemptsToKeep {
            do {
                return try await store.end(report)
            } catch let error as StateError where error.code == .locked {
                try Task.checkCancellation()
            }
        }
        try await store.end(report)
    }

    /// Each waits for some seconds itself.
    private static let attemptsToKeep = 12

    /// Runs a body with the server for the scratch; with none where memory takes its place.
    private func withPlace(_ fleet: Fleet, _ body: (SupervisedServer?) async throws -> Void) async throws {
        guard let name = configuration.drill?.server else { return try await body(nil) }
        try await fleet.with(name, of: loaded, environment: environment) { try await body($0) }
    }

    private func rehearse(_ turn: Turn, on server: SupervisedServer?, until stop: StopRequest) async throws
        -> DrillReport
    {
        let began = ContinuousClock.now
        var desk = DrillDesk(configuration.pairsVault, environment: environment, now: now)
        desk.memoryLimit = memoryLimit
        let place = server.map { DrillRun.Place.server($0.connection) } ?? .memory
        let made = Mutex<StoredScratches.Scratch?>(nil)
        if let server {
            desk.onScratch = { url in
                let scratch = StoredScratches.Scratch(
                    url: url, server: server.name, backup: turn.pair.target, since: now())
                try await scratches.store(scratch)
                made.withLock { $0 = scratch }
            }
        }
        do {
            let report = try await desk.rehearse(
                turn.pair.backup, DrillDesk.Order(place: place, stop: stop) { try await $0.atNewest() })
            if var scratch = made.withLock({ $0 }) {
                scratch.reason = report.leftover
                if scratch.reason == nil {
                    try await scratches.forget(scratch.url)
                } else {
                    try await scratches.store(scratch)
                }
            }
            return report
        } catch let error as StateError {
            // What is not remembered must not be begun.
            throw error
        } catch {
            try Task.checkCancellation()
            var report = inVain(turn, on: server, Reason(error))
            report.seconds = began.duration(to: .now).seconds
            return report
        }
    }

    /// Why a drill came to no verdict.
    private struct Reason {
        var words: String
        var obstacle: DrillReport.Obstacle?

        static let processGone = Reason(
            "what came of it was not kept: its process was ended, or could not write to the state folder")

        private init(_ words: String) { self.words = words }

        init(left scratch: StoredScratches.Scratch, on server: SupervisedServer) {
            words = "\(server.name) has not removed the scratch of an earlier drill, \(scratch.url)"
            obstacle = .scratchLeft
        }

        init(_ error: any Error) {
            switch error {
            case let error as DrillError: (words, obstacle) = (error.what, .tooLarge)
            case let error as VaultError where [.keyMissing, .wrongKey].contains(error.code):
                (words, obstacle) = ("\(error.place): \(error.what)", .unreadable)
            case let error as SecretError: (words, obstacle) = (error.message, .secretUnavailable)
            default: words = "\(error)"
            }
        }
    }

    /// Why a server takes no scratch now; nil where it may.
    private func reason(against server: SupervisedServer) async throws -> Reason? {
        if let error = server.secretError { return Reason(error) }
        do {
            _ = try await server.connection.session()
        } catch let error as CouchError {
            var reason = Reason(error)
            reason.words = "the server \(server.name) for the scratch: \(error)"
            reason.obstacle = DrillReport.Obstacle(error)
            return reason
        }
        // Each drill would leave another copy, until the disk is full.
        return try await scratches.all()
            .first { $0.isLeft(on: server.connection.url.description) }
            .map { Reason(left: $0, on: server) }
    }

    private func note(_ reason: Reason, against server: SupervisedServer) async throws {
        let at = now()
        let outage = DrillOutage(
            place: server.connection.url.description, since: at, at: at, reason: reason.words, obstacle: reason.obstacle
        )
        try await store.note(outage.following(store.outage()))
    }

    private func inVain(_ turn: Turn, on server: SupervisedServer?, _ reason: Reason) -> DrillReport {
        let at = now()
        var report = DrillReport(
            backup: turn.pair.target, moment: nil, asOf: at,
            place: server?.connection.url.description ?? DrillRun.Place.memoryName, at: at)
        (report.reason, report.obstacle) = (reason.words, reason.obstacle)
        return report
    }

    /// What a dry run says.
    func planned(at moment: Date) -> RepairRecord {
        let place = configuration.drill?.server.map { "a scratch database of \($0)" } ?? "memory"
        return RepairRecord(
            action: "drill", at: moment, result: .planned,
            detail: "restore the backup into \(place), compare it, and remove the copy", rule: "schedule")
    }
}
