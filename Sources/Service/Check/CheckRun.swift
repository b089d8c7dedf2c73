import Backup
import Foundation
import Supervision

/// One `couchkeep check`: a pass, and the messages that follow from it; then backups into the vault, verifications and drills.
package struct CheckRun: Sendable {
    private let loaded: LoadedConfiguration
    private let environment: [String: String]?
    private let pacing: RepairPacing
    private let now: @Sendable () -> Date
    /// Whether verifications and drills that are due are made.
    package var verifies = true
    /// The largest backup that a drill restores into memory, in bytes.
    package var drillMemoryLimit = DrillRun.usualMemoryLimit
    /// Runs drills with a request to stop, so that they remove their scratch where the check is to end before they do.
    package var interrupting: @Sendable ((StopRequest) async throws -> Outcome) async throws -> Outcome = {
        try await $0(StopRequest())
    }
    /// The pauses before further looks at what seems to differ; the usual ones where nil.
    package var looks: [Duration]?
    /// How long what has come of one backup, or of one drill, may wait to be told with that of others.
    package var tellsEvery: Duration = .seconds(60)

    package init(
        _ loaded: LoadedConfiguration, environment: [String: String]? = nil, pacing: RepairPacing = .standard,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.loaded = loaded
        self.environment = environment
        self.pacing = pacing
        self.now = now
    }

    /// How a run ended.
    package struct Outcome: Sendable {
        package var report: Report
        package var exitCode: ExitCode
        /// Why the pass could not be remembered or told, where that is so; the report is right all the same.
        package var notRemembered: StateError?
    }

    /// Runs a pass, and tells people unless it is a dry run; then makes backups, verifications and drills, and tells of these.
    ///
    /// Only one run may look at the pairs of a state folder; a second one gets `StateError` with code `locked` at once. While
    /// one makes backups, verifications or drills, others look. A dry run only looks, and may do so beside another one.
    ///
    /// - Throws: `ConfigurationError`, `StateError`, `CancellationError`.
    package func run(_ options: PassOptions) async throws -> Outcome {
        // First, so that a configuration that can't be used leaves no empty memory behind.
        let fleet = try await Fleet(loaded, environment: environment)
        return try await fleet.closing {
            let folder = StateFolder(loaded)
            let lock = options.isDryRun ? nil : try folder.lock()
            let state = options.isDryRun ? try folder.openForReading() : try folder.open()
            let looked = try await look(options, fleet: fleet, state: state)
            // A long backup, verification or drill must not keep other checks from looking.
            lock?.release()
            let backedUp = try await backUp(looked, fleet: fleet, state: state)
            let verified = try await verify(backedUp, options, fleet: fleet, state: state)
            do {
                return try await rehearse(verified, options, fleet: fleet, state: state)
            } catch let error as StateError {
                // What was seen before is worth showing all the same.
                var outcome = verified
                outcome.fail(error)
                return outcome
            }
        }
    }

    /// What a look leaves.
    private struct Look {
        var outcome: Outcome
        /// The pairs that are to be backed up.
        var due: [VaultPair]
        /// The report before it.
        var last: Report?
    }

    /// Looks, repairs, remembers and tells, but backs up and verifies nothing.
    private func look(_ options: PassOptions, fleet: Fleet, state: StateDatabase) async throws -> Look {
        let supervisor = Supervisor(
            servers: fleet.servers, sources: fleet.selector.sources,
            selectPairs: { [selector = fleet.selector] in selector.select(names: $0, remembered: $1) },
            state: state, pacing: pacing, now: now)
        let last = try await state.lastReport()
        let overlay = VerificationOverlay(state, verify: loaded.configuration.verify)
        var options = options
        let proofs = try await overlay.proofs(at: now())
        (options.proofs, options.equalities) = (proofs.all, proofs.equalities)
        var passed = try await supervisor.pass(options)
        let vaults = vaults(fleet)
        let memories = StoredVaultMemories(state)
        var known = try await memories.all()
        let accepted = Self.accept(options, in: &known, besides: Set(passed.report.pairs.map(\.pair)))
        let looks = try await vaults.look(
            at: try await vaults.pairs(last: last), last: last, memories: known, sources: passed.report.servers,
            isFollowed: !options.isDryRun)
        let due = looks.due
        let evidence = BackupEvidence.spans(
            vault: looks.memories, pairs: passed.pairMemories.values, loaded.configuration)
        passed.report = try await proved(passed.report.adding(looks.reports), before: last, evidence, state)
        passed.report.add(
            accepted.mapValues { told in
                told.map { RepairRecord.acceptance(of: $0.what, $0.rule, isPlanned: options.isDryRun, at: now()) }
            }, by: \.target)
        passed.report.add(looks.planned)
        var outcome = Outcome(
            report: passed.report, exitCode: ExitCode(passed.report, sources: fleet.selector.sources))
        guard !options.isDryRun else { return Look(outcome: outcome, due: due, last: last) }
        do {
            try await supervisor.remember(passed)
            try await memories.store(looks.memories)
            try await verification(state).noteDue(passed.report)
            try await drills(state).noteDue(passed.report, looks.memories)
            // Whether a backup has ended what there was is to be found out yet.
            let names = passed.report.names
            let open = due.reduce(into: Set<String>()) { open, pair in
                open.formUnion(VaultState.fingerprints(of: names[pair.key] ?? pair.name))
            }
            outcome.told(try await tell(passed.report, judging: .allBut(open), state: state))
        } catch let error as StateError {
            // What was seen is worth showing even where it can't be remembered.
            outcome.fail(error)
        }
        return Look(outcome: outcome, due: due, last: last)
    }

    /// Takes for right what was told of backups in the vault, and returns that by the targets.
    private static func accept(
        _ options: PassOptions, in known: inout [String: VaultMemory], besides names: Set<String>
    ) -> [String: [(what: String, rule: String)]] {
        var accepted: [String: [(what: String, rule: String)]] = [:]
        for target in known.keys {
            // A pair between servers that has the name is meant by it.
            let name = VaultPair.backup(of: target).flatMap { names.contains($0) ? nil : $0 }
            guard options.isAdopted(target) || name.map(options.isAdopted) ?? false else { continue }
            accepted[target] = known[target]?.acceptWhatWasTold()
        }
        return accepted
    }

    private func vaults(_ fleet: Fleet) -> VaultPass {
        VaultPass(loaded.configuration, servers: fleet.servers, environment: environment, now: now)
    }

    /// Makes the backups, and says again how all is, in between too where they take long.
    private func backUp(_ looked: Look, fleet: Fleet, state: StateDatabase) async throws -> Outcome {
        var outcome = looked.outcome
        let before = Dictionary((looked.last?.pairs ?? []).map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        let names = looked.outcome.report.names
        try await vaults(fleet).backUp(looked.due, tellingEvery: tellsEvery) { states in
            let known = states.filter { $0.awaited == nil }.map { names[$0.pair.key] ?? $0.pair.name }
            // What could not be told the last time is told now.
            outcome.notRemembered = looked.outcome.notRemembered
            outcome = try await again(
                outcome, judging: known.reduce(into: []) { $0.formUnion(VaultState.fingerprints(of: $1)) },
                fleet: fleet, state: state
            ) { report, last in
                // What the look of this check said, before it knew, begins nothing.
                let isOwn = report.at == looked.outcome.report.at
                let memories = StoredVaultMemories(state)
                var known = try await memories.all()
                report.renew(with: states, &known, before: isOwn ? before : [:])
                // A backup that is there only now can be one that can't be verified.
                let evidence = BackupEvidence.spans(
                    vault: known, pairs: try await state.pairMemories().values, loaded.configuration)
                report = try await proved(report, before: last, evidence, state)
                let targets = Set(states.map(\.pair.target))
                try await memories.store(known.filter { targets.contains($0.key) })
                try await drills(state).noteDue(report, known)
            }
        }
        return outcome
    }

    /// The report with what verifications and drills prove.
    ///
    /// - Parameter evidence: which of them count, by the backups.
    private func proved(
        _ report: Report, before: Report?, _ evidence: [String: EvidenceSpan], _ state: StateDatabase
    ) async throws -> Report {
        let drills = try await DrillEvidence.stored(state, loaded.configuration)
        return try await VerificationOverlay(state, verify: loaded.configuration.verify)
            .apply(
                to: report.showing(drills, evidence: evidence, at: now()), before: before, evidence: evidence,
                now: now())
    }

    private func verification(_ state: StateDatabase) -> VerificationPass {
        VerificationPass(loaded, state: state, environment: environment, looks: looks, now: now)
    }

    /// Verifies what is due, and says again how all is.
    private func verify(
        _ looked: Outcome, _ options: PassOptions, fleet: Fleet, state: StateDatabase
    ) async throws -> Outcome {
        guard verifies, looked.notRemembered == nil else { return looked }
        let pass = verification(state)
        let turns = try await pass.tasks(after: looked.report, fleet: fleet)
        guard !turns.isEmpty else { return looked }
        var outcome = looked
        guard !options.isDryRun else {
            outcome.report.add(
                Dictionary(
                    turns.map { ($0.pair.key, [VerificationPass.planned($0, at: now())]) }, uniquingKeysWith: { $1 }))
            return outcome
        }
        let result = try await pass.run(turns)
        guard result.hasVerified else { return looked }
        // What the rules of the pass have found stays told: the next check sees whether the comparison has ended it.
        let judged = [BackupDiffers.name, VerificationOverdue.name].flatMap { rule in
            turns.map { Finding.fingerprint(rule: rule, subject: $0.report.pair) }
        }
        return try await again(looked, judging: Set(judged), fleet: fleet, state: state) { report, last in
            let evidence = try await BackupEvidence.spans(state, loaded.configuration)
            report = try await proved(report, before: last, evidence, state)
            report.add(result.repairs)
        }
    }

    private func drills(_ state: StateDatabase) -> DrillPass {
        var pass = DrillPass(loaded, state: state, environment: environment, now: now)
        pass.memoryLimit = drillMemoryLimit
        return pass
    }

    /// Rehearses the restores that are due, and says again how all is, in between too where they take long.
    private func rehearse(
        _ looked: Outcome, _ options: PassOptions, fleet: Fleet, state: StateDatabase
    ) async throws -> Outcome {
        guard verifies, looked.notRemembered == nil else { return looked }
        let pass = drills(state)
        let turns = try await pass.turns(after: looked.report, fleet: fleet)
        let hasLeftovers = try await pass.hasLeftovers
        guard !turns.isEmpty || hasLeftovers else { return looked }
        guard !options.isDryRun else {
            var outcome = looked
            let planned = [pass.planned(at: now())]
            outcome.report.add(Dictionary(turns.map { ($0.pair.key, planned) }, uniquingKeysWith: { $1 }))
            return outcome
        }
        return try await interrupting { stop in
            var outcome = looked
            do {
                try await pass.run(
                    turns, after: looked.report, options, fleet: fleet, tellingEvery: tellsEvery, until: stop
                ) { ended in
                    let judged = Report.drillRules.flatMap { rule in
                        ended.map { Finding.fingerprint(rule: rule, subject: $0) }
                    }
                    // What could not be told the last time is told now.
                    outcome.notRemembered = nil
                    outcome = try await again(outcome, judging: Set(judged), fleet: fleet, state: state) {
                        report, last in
                        let evidence = try await BackupEvidence.spans(state, loaded.configuration)
                        report = try await proved(report, before: last, evidence, state)
                    }
                }
            } catch let error as StateError {
                // What was rehearsed before is told already.
                outcome.fail(error)
            }
            return outcome
        }
    }

    /// Puts right what was told, and tells it again; other checks may have looked meanwhile.
    ///
    /// - Parameters:
    ///   - judging: the fingerprints of what has been found out about.
    ///   - change: takes the newest report that there is, and the last one that was stored.
    private func again(
        _ outcome: Outcome, judging: Set<String>, fleet: Fleet, state: StateDatabase,
        change: (inout Report, _ last: Report?) async throws -> Void
    ) async throws -> Outcome {
        var outcome = outcome
        do {
            let (lock, other) = try await patiently { try StateFolder(loaded).lock() }
            defer { lock?.release() }
            let last = try await state.lastReport()
            if let last, last.at > outcome.report.at { outcome.report = last }
            try await change(&outcome.report, last)
            outcome.exitCode = ExitCode(outcome.report, sources: fleet.selector.sources)
            if let other { throw other }
            outcome.told(try await tell(outcome.report, judging: .only(judging), state: state))
        } catch let error as StateError {
            outcome.notRemembered = error
        }
        if let error = outcome.notRemembered { outcome.fail(error) }
        return outcome
    }

    /// Tries for half a minute to get a lock: another check that may have it is over in a moment.
    ///
    /// - Returns: the lock, or the error where another process has it all that time.
    private func patiently(_ lock: () throws -> StateLock) async throws -> (StateLock?, StateError?) {
        var pauses = 0
        while true {
            do {
                return (try lock(), nil)
            } catch let error as StateError where error.code == .locked {
                guard pauses < 60 else { return (nil, error) }
                pauses += 1
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// Sends messages, and stores the report again with how the channels did.
    private func tell(
        _ report: Report, judging: Messenger.Judgement, state: StateDatabase
    ) async throws -> Report {
        let notify = loaded.configuration.notify
        let channels = try await NotificationChannels(notify, environment: environment)
        var report = report
        report.channels = try await Messenger(notify, channels: channels, state: state).tell(report, judging: judging)
        try await state.store(report)
        return report
    }
}

extension CheckRun.Outcome {
    /// Takes in the report with how the channels did: a message that nobody gets was skipped.
    mutating func told(_ report: Report) {
        self.report = report
        if report.hasFailingChannel, exitCode == .ok { exitCode = .incomplete }
    }

    /// Notes that something could not be remembered or told.
    fileprivate mutating func fail(_ error: StateError) {
        notRemembered = error
        if exitCode == .ok { exitCode = .incomplete }
    }
}
