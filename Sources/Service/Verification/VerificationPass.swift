import CouchDB
import Foundation
import Replication
import Supervision

/// Verifies what is due, one pair after the other, and copies what is found missing.
package struct VerificationPass: Sendable {
    /// A pair and what is due for it.
    struct Turn: Sendable {
        var pair: VerifiablePair
        var report: PairReport
        var due: VerificationSchedule.Due
        /// Whether what is found missing may be copied.
        var mayRepair: Bool
    }

    /// What was done.
    struct Result: Sendable {
        /// The repairs of each pair, by its key.
        var repairs: [String: [RepairRecord]] = [:]
        /// Whether anything came to an end.
        var hasVerified = false
    }

    private let configuration: Configuration
    private let state: StateDatabase
    private let folder: VerificationFolder
    private let environment: [String: String]?
    private let now: @Sendable () -> Date
    private let looks: [Duration]?

    init(
        _ loaded: LoadedConfiguration, state: StateDatabase, environment: [String: String]?, looks: [Duration]?,
        now: @escaping @Sendable () -> Date
    ) {
        configuration = loaded.configuration
        folder = VerificationFolder(StateFolder(loaded))
        (self.state, self.environment, self.looks, self.now) = (state, environment, looks, now)
    }

    private var store: StoredVerifications { StoredVerifications(state) }

    /// What is due after a pass, the most urgent first; asks no server where nothing can be due.
    func tasks(after report: Report, fleet: Fleet) async throws -> [Turn] {
        let suspicious = report.pairs.contains { !Self.suspicions(of: $0).isEmpty }
        guard configuration.verify?.shortestInterval != nil || suspicious else { return [] }
        let histories = try await store.histories()
        let evidence = try await BackupEvidence.spans(state, configuration)
        let schedule = VerificationSchedule(configuration.verify, now: now())
        var due: [String: (PairReport, VerificationSchedule.Due)] = [:]
        for pair in report.pairs where Self.canBeRead(pair, in: report) {
            let history = VerificationHistory(histories[pair.key] ?? [], within: evidence[pair.target])
            let found = schedule.due(history, suspicions: Self.suspicions(of: pair), mode: pair.mode)
            // What is copied for the first time has nothing to be compared with yet.
            guard let found, VerifiedLight.suspicious.contains(found.reason) || Self.wasFilled(pair) else { continue }
            due[pair.key] = (pair, found)
        }
        guard !due.isEmpty else { return [] }
        let directory = try await PairDirectory(configuration, fleet: fleet, state: state)
        return directory.pairs
            .compactMap { pair in
                due[pair.key].map {
                    Turn(pair: pair, report: $0.0, due: $0.1, mayRepair: Self.mayRepair($0.0, in: report))
                }
            }
            .sorted { left, right in
                let (first, second) = (left.due.reason == "schedule", right.due.reason == "schedule")
                if first != second { return second }
                return (left.due.since, left.pair.key) < (right.due.since, right.pair.key)
            }
    }

    /// Notes since when pairs are to be verified, so that one that never is becomes overdue.
    func noteDue(_ report: Report) async throws {
        guard configuration.verify?.shortestInterval != nil else { return }
        try await store.noteDue(report.pairs.filter { $0.mode != .off }.map(\.key), at: now())
    }

    /// Works on the tasks until the time is up; where another process is at it, nothing is done.
    ///
    /// - Throws: `StateError`, `CancellationError`.
    func run(_ tasks: [Turn]) async throws -> Result {
        var result = Result()
        guard !tasks.isEmpty, let lock = try folder.lockSchedule() else { return result }
        defer { lock.release() }
        try await folder.markInterrupted(store, at: now())
        let deadline = ContinuousClock.now + (configuration.verify?.budget ?? VerifyConfiguration.defaultBudget)
        for task in tasks where ContinuousClock.now < deadline {
            do {
                try await run(task, until: deadline, &result)
            } catch let error as StateError where error.code == .locked {
                // Somebody verifies this one by hand.
                continue
            }
        }
        return result
    }

    private func run(_ task: Turn, until deadline: ContinuousClock.Instant, _ result: inout Result) async throws {
        var verifier = PairVerifier(
            state: state, folder: folder, vault: configuration.pairsVault, environment: environment,
            now: now)
        verifier.looks = looks
        if VerifiedLight.isSuspected(task.report) { verifier.suspected = [task.pair.key] }
        func left() -> Duration { max(.zero, ContinuousClock.now.duration(to: deadline)) }
        var order = PairVerifier.Order(level: task.due.level, reason: task.due.reason, maximum: left())
        order.share = task.due.share
        let outcome =
            if let record = task.due.resuming {
                try await verifier.resume(record, of: task.pair, maximum: order.maximum)
            } else {
                try await verifier.run(task.pair, order)
            }
        result.hasVerified = true
        let holes = outcome.differences.filter { !$0.onlyInSource.isEmpty }
        guard outcome.record.verdict == .different, !holes.isEmpty, task.mayRepair else { return }
        let record = try await mend(task.pair, holes, verification: outcome.record.id)
        result.repairs[task.pair.key, default: []].append(record)
        try await state.note(record, pair: task.pair.key)
        guard record.result == .done else { return }
        // Only a comparison says that all is there.
        order.maximum = left()
        _ = try await verifier.run(task.pair, order)
    }

    /// Copies what is missing.
    private func mend(
        _ pair: VerifiablePair, _ holes: [Difference], verification: Int
    ) async throws -> RepairRecord {
        var record = RepairRecord(
            action: Self.action, at: now(), result: .failed, detail: "", rule: BackupDiffers.name)
        do {
            let (report, thinness) = try await PairSides.with(
                pair, vault: configuration.pairsVault, environment: environment, now: now(),
                mending: true
            ) { sides in
                let before = try await AwayNodes.ask(sides.source, sides.target)
                let report = try await sides.mend(holes, of: pair.key, StoredRefusals(state), at: now())
                let thinness = try await Self.thinness(
                    of: report.copied, from: sides.source, to: sides.target, before: before)
                return (report, thinness)
            }
            record.detail =
                "copied \(Wording.revisions(report.copied)) that verification \(verification) had found missing"
            if !report.remaining.isEmpty {
                record.detail += "; \(Wording.documents(report.remaining.count)) still not complete"
            } else if let thinness {
                record.detail += "; \(thinness)"
            } else {
                record.result = .done
            }
            if let damage = report.damage {
                record.detail += "; the backup was damaged (\(damage)), and older moments lack it"
            }
            if let refusal = report.refusals.first {
                record.detail += "; \(refusal.id) was refused: \(refusal.error): \(refusal.reason)"
            }
        } catch {
            try Task.checkCancellation()
            record.detail = "what verification \(verification) had found missing could not be copied: \(error)"
        }
        return record
    }

    /// Why revisions that were copied are on too few nodes; nil where they are not, or there are none.
    static func thinness(
        of copied: Int, from source: any ComparableReplica, to target: any ComparableReplica, before: AwayNodes?
    ) async throws -> String? {
        guard copied > 0 else { return nil }
        do {
            return AwayNodes.worse(before, try await AwayNodes.ask(source, target))?.target?.thinness
        } catch {
            try Task.checkCancellation()
            // They are copied all the same; the comparison behind it tells of a side that is gone since.
            return before?.target?.thinness
        }
    }

    /// The name of the repair that copies missing revisions.
    package static let action = "copy-missing"

    /// The findings that only a comparison can end, its own among them.
    static func suspicions(of pair: PairReport) -> [Finding] {
        guard pair.mode == .manage else { return [] }
        return pair.findings.filter {
            (VerifiedLight.suspicious.contains($0.rule) || $0.rule == BackupDiffers.name) && $0.severity != .notice
        }
    }

    /// Whether both sides were seen by the pass: what it could not look at can't be compared either.
    private static func canBeRead(_ pair: PairReport, in report: Report) -> Bool {
        let blocking: Set<String> = [
            Blind.name, SourceMissing.name, TargetMissing.name, SourceIsTarget.name, BackupFailed.name,
            VerificationImpossible.name,
        ]
        return !pair.findings.contains { blocking.contains($0.rule) }
    }

    /// Whether the backup was ever known to hold everything.
    static func wasFilled(_ pair: PairReport) -> Bool {
        guard let changes = pair.lag.changes else { return false }
        return changes == 0 || pair.lag.seconds != nil
    }

    /// Whether the source is known to be the one that is to be backed up, and the target to be its backup.
    static func mayRepair(_ pair: PairReport, in report: Report) -> Bool {
        let holding: Set<String> = [
            SourceReplaced.name, SourceRolledBack.name, SourceIsTarget.name, MassDeletion.name, TargetReplaced.name,
        ]
        return pair.mode == .manage
            && !pair.findings.contains { holding.contains($0.rule) } && report.replacedServer(of: pair) == nil
    }

    /// What a dry run says.
    static func planned(_ task: Turn, at moment: Date) -> RepairRecord {
        let share: String =
            if case .part(let part, let count) = task.due.share { ", part \(part + 1) of \(count)" } else { "" }
        let what =
            task.due.resuming.map { "go on with verification \($0.id)" } ?? "compare source and backup"
        return RepairRecord(
            action: "verify", at: moment, result: .planned, detail: "\(what), level \(task.due.level.rawValue)\(share)",
            rule: task.due.reason)
    }
}
