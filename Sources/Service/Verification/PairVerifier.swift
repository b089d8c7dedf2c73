import CouchDB
import Foundation
import Replication
import Supervision
import Synchronization
import SystemPackage
import Vault

/// Verifies a pair: compares its two sides, and keeps what came of it in the state database.
package struct PairVerifier: Sendable {
    /// What is to be done.
    package struct Order: Sendable {
        package var level: Verification.Level
        /// Of which documents the content is compared, at level `bodies`.
        package var share = BodyShare.all
        /// Whether differences are planted, never into a database, that have to be found.
        package var selfTests = false
        /// Whether only what has changed since the last verification is compared, where that found both sides equal.
        package var isIncremental = false
        /// Who wants it: `asked`, `schedule`, or a rule's name.
        package var reason: String
        /// The longest time that it may take.
        package var maximum: Duration?

        package init(level: Verification.Level = .revisions, reason: String, maximum: Duration? = nil) {
            (self.level, self.reason, self.maximum) = (level, reason, maximum)
        }
    }

    /// How it ended.
    package struct Outcome: Sendable {
        package var record: VerificationRecord
        /// The differences that are named, up to ``Verification/namedDifferences``.
        package var differences: [Difference] = []
        /// What kept it from a verdict, where something did.
        package var failure: (any Error)?
        /// The backup at the moment that was found equal, which a prune leaves alone while this is there.
        var equal: VaultDatabase?
    }

    let store: StoredVerifications
    let refusals: StoredRefusals
    let folder: VerificationFolder
    let vault: VaultConfiguration
    let environment: [String: String]?
    let now: @Sendable () -> Date
    /// The keys of the pairs of which a rule says that the backup may have lost something.
    var suspected: Set<String> = []
    /// The pauses before further looks at what seems to differ; the usual ones where nil.
    package var looks: [Duration]?
    /// Marks moments that are equal.
    package var mark = MomentMark()
    /// Called with the pair's name and each new state of the comparison.
    package var onProgress: @Sendable (String, Verification.Progress) -> Void = { _, _ in }

    package init(
        state: StateDatabase, folder: VerificationFolder, vault: VaultConfiguration,
        environment: [String: String]? = nil, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (store, refusals) = (StoredVerifications(state), StoredRefusals(state))
        (self.folder, self.vault, self.environment, self.now) = (folder, vault, environment, now)
    }

    /// Verifies.
    ///
    /// A side that can't be read makes the verdict unknown; it is no error here.
    ///
    /// - Throws: `StateError`, with code `locked` where the pair is being verified by another process; `CancellationError`.
    package func run(_ pair: VerifiablePair, _ order: Order) async throws -> Outcome {
        var record = VerificationRecord(
            pair: pair.name, source: pair.source.url, target: pair.target, level: order.level,
            reasonToRun: order.reason, startedAt: now())
        if order.level == .bodies { record.share = order.share }
        let lock = try folder.lock(pair.key, name: pair.name)
        defer { lock.release() }
        try await folder.markInterrupted(store, key: pair.key, at: now())
        async let descriptions = order.isIncremental ? asked(pair) : nil
        let noted = try await store.begin(record)
        return try await finished(pair, order, noted, isResuming: false, await descriptions)
    }

    /// Asks both sides while the beginning is being noted, which is a good part of the time where nothing has changed.
    ///
    /// - Returns: nil where that fails: the verification asks again, and tells why.
    private func asked(_ pair: VerifiablePair) async -> ReplicaDescriptions? {
        guard case .database(let target) = pair.backup, pair.secretError == nil else { return nil }
        return try? await ReplicaDescriptions.ask(CouchReplica(pair.source), CouchReplica(target))
    }

    /// Whether neither side was put back since, which the number of a feed that has grown again does not show; where that can't
    /// be known, everything is compared.
    private func isSound(_ witness: FeedWitness?, _ pair: VerifiablePair) async throws -> Bool {
        guard let witness else { return false }
        do {
            guard try await witness.holds(for: pair.source, pair.backup.database) else { return false }
            return try await !hasGoneBack(pair)
        } catch {
            try Task.checkCancellation()
            return false
        }
    }

    /// Whether the replication's two checkpoints say that a side was put back.
    private func hasGoneBack(_ pair: VerifiablePair) async throws -> Bool {
        guard let target = pair.backup.database, let id = pair.checkpointID else { return false }
        async let left = pair.source.localDocument(id)
        async let right = target.localDocument(id)
        return DifferenceEvidence.rollback(source: try await left, target: try await right) != nil
    }

    /// What the next verification goes by; without it, it compares everything.
    private func take(_ pair: VerifiablePair) async throws -> FeedWitness? {
        do {
            return try await FeedWitness.take(pair.source, pair.backup.database)
        } catch {
            try Task.checkCancellation()
            return nil
        }
    }

    /// The outcome for a pair that another process is verifying.
    func busy(_ pair: VerifiablePair, _ order: Order, _ error: StateError) -> Outcome {
        notBegun(pair, order, error.detail, failure: error)
    }

    /// The outcome for a pair whose turn did not come in the time that there was.
    func passedOver(_ pair: VerifiablePair, _ order: Order) -> Outcome {
        notBegun(pair, order, "the time was up before its turn")
    }

    private func notBegun(
        _ pair: VerifiablePair, _ order: Order, _ reason: String, failure: (any Error)? = nil
    ) -> Outcome {
        var record = VerificationRecord(
            pair: pair.name, source: pair.source.url, target: pair.target, level: order.level,
            reasonToRun: order.reason, startedAt: now())
        (record.state, record.reason) = (.stopped, reason)
        return Outcome(record: record, failure: failure)
    }

    /// Sorts pairs by when they last had their turn, those first that never had one.
    ///
    /// One that was cut off had its turn too: else one for which the time never suffices would take that of all others.
    func longestUnverifiedFirst(_ pairs: [VerifiablePair]) async throws -> [VerifiablePair] {
        let histories = try await store.histories()
        func turn(_ record: VerificationRecord) -> Date {
            record.state == .ended ? record.endedAt ?? record.startedAt : record.startedAt
        }
        let moment = now()
        // A turn that one had while the clock was ahead must not keep it last until that date.
        let turns = histories.mapValues { records in
            records.map(turn).filter { $0.age(at: moment) != nil }.max() ?? .distantPast
        }
        func last(_ pair: VerifiablePair) -> Date { turns[pair.key] ?? .distantPast }
        return pairs.sorted { (last($0), $0.key) < (last($1), $1.key) }
    }

    /// Goes on with a verification that was stopped or cut off.
    ///
    /// - Throws: as ``run(_:_:)``.
    package func resume(
        _ record: VerificationRecord, of pair: VerifiablePair, maximum: Duration? = nil
    ) async throws -> Outcome {
        let lock = try folder.lock(pair.key, name: pair.name)
        defer { lock.release() }
        try await store.withdrawStop(record.id)
        var record = record
        (record.state, record.endedAt, record.reason, record.pair) = (.running, nil, nil, pair.name)
        record.wasAskedToStop = nil
        try await store.store(record)
        let order = Order(level: record.level, reason: record.reasonToRun, maximum: maximum)
        // One that was cut off before it wrote anything down begins anew.
        let hasState = FileManager.default.fileExists(atPath: folder.progress(of: record.id) + "/state.json")
        return try await finished(pair, order, record, isResuming: hasState)
    }

    /// Runs a verification that is noted, and keeps how it ended.
    private func finished(
        _ pair: VerifiablePair, _ order: Order, _ record: VerificationRecord, isResuming: Bool,
        _ descriptions: ReplicaDescriptions? = nil
    ) async throws -> Outcome {
        try folder.makeProgress(of: record.id)
        let progress = Mutex<Verification.Progress?>(nil)
        var outcome = try await attended(pair, order, record, isResuming: isResuming, descriptions) { state in
            progress.withLock { $0 = state }
            onProgress(pair.name, state)
        } watching: {
            progress.withLock { $0 }
        }
        // Behind the comparison, whose time may be up.
        if let equal = outcome.equal {
            outcome.record.unmarked = try await mark.leave(
                on: equal, content: outcome.record.provesAllContent, at: now()
            ) {
                try await vault.open(environment: environment, now: now())
            }
            outcome.equal = nil
        }
        if outcome.record.state == .ended { try folder.removeProgress(of: record.id) }
        let forgotten = try await store.store(
            outcome.record,
            differences: outcome.differences.prefix(StoredVerifications.keptDifferences)
                .map(VerificationDifference.init))
        try folder.remove(forgotten)
        return outcome
    }

    private enum Step: Sendable {
        case compared(Outcome)
        case stopped(String, wasAsked: Bool)
    }

    /// Compares, until somebody wants it to stop or its time is up.
    private func attended(
        _ pair: VerifiablePair, _ order: Order, _ record: VerificationRecord, isResuming: Bool,
        _ descriptions: ReplicaDescriptions?,
        note: @escaping @Sendable (Verification.Progress) -> Void,
        watching: @escaping @Sendable () -> Verification.Progress?
    ) async throws -> Outcome {
        let began = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Step.self) { group in
            group.addTask {
                .compared(try await compared(pair, order, record, isResuming: isResuming, descriptions, note))
            }
            group.addTask { try await untilStop(record, began, order.maximum, watching) }
            defer { group.cancelAll() }
            switch try await group.next() {
            case .compared(let outcome): return outcome
            case .stopped(let reason, let wasAsked):
                var stopped = record
                (stopped.state, stopped.endedAt, stopped.reason) = (.stopped, now(), reason)
                stopped.wasAskedToStop = wasAsked
                stopped.seconds = record.seconds + began.duration(to: .now).seconds
                if let state = watching() { (stopped.rows, stopped.expectedRows) = (state.rows, state.expected) }
                return Outcome(record: stopped)
            case nil: throw CancellationError()
            }
        }
    }

    /// Waits for a reason to stop, and shows other processes how far the verification is.
    private func untilStop(
        _ record: VerificationRecord, _ began: ContinuousClock.Instant, _ maximum: Duration?,
        _ watching: @Sendable () -> Verification.Progress?
    ) async throws -> Step {
        let before = record.seconds
        var record = record
        while true {
            let left = maximum.map { $0 - began.duration(to: .now) } ?? .seconds(1)
            try await Task.sleep(for: min(.seconds(1), max(.zero, left)))
            if try await store.isStopRequested(record.id) {
                return .stopped("it was stopped by couchkeep verify stop", wasAsked: true)
            }
            if let maximum, began.duration(to: .now) >= maximum {
                return .stopped("its time of \(Wording.duration(maximum.seconds)) was up", wasAsked: false)
            }
            if let state = watching(), state.rows != record.rows {
                (record.rows, record.expectedRows) = (state.rows, state.expected)
                record.seconds = before + began.duration(to: .now).seconds
                try await store.store(record)
            }
        }
    }

    private func compared(
        _ pair: VerifiablePair, _ order: Order, _ record: VerificationRecord, isResuming: Bool,
        _ descriptions: ReplicaDescriptions?,
        _ note: @escaping @Sendable (Verification.Progress) -> Void
    ) async throws -> Outcome {
        let began = ContinuousClock.now
        let isSuspected = suspected.contains(pair.key) || VerifiedLight.suspicious.contains(order.reason)
        do {
            var outcome = try await PairSides.with(
                pair, vault: vault, environment: environment, now: now()
            ) { sides in
                var verification = Verification(sides.source, sides.target, now: now)
                if let looks { verification.looks = looks }
                verification.share = record.share ?? .all
                (verification.selfTests, verification.comparesSecurity) = (order.selfTests, pair.comparesSecurity)
                verification.descriptions = descriptions
                verification.folder = FilePath(folder.progress(of: record.id))
                // What is suspected to be lost is looked for everywhere: the feeds don't list it.
                var witness: FeedWitness?
                if order.isIncremental, !isSuspected, let last = try await store.basis(for: pair.key) {
                    let isUnchanged = descriptions.map(last.basis.isUnchanged) ?? false
                    if isUnchanged { witness = last.witness }
                    let isGood = if isUnchanged { true } else { try await isSound(last.witness, pair) }
                    if isGood { verification.basis = last.basis }
                }
                verification.context = try await pair.context(refusals)
                verification.onProgress = note
                var sorting = DifferenceSorting(
                    LaterChanges(source: pair.source, filledTo: sides.filledTo, isSuspected: isSuspected),
                    filledAt: sides.filledAt, file: folder.differences(of: record.id))
                let result = try await verification.run(level: order.level, resuming: isResuming) {
                    try await sorting.take($0)
                }
                // Equal to what is left of a moment is not equal to the moment.
                if result.verdict == .equal { try await (sides.target as? VaultDatabase)?.expectAllLeaves() }
                var outcome = try sorting.outcome(of: result, record, endedAt: now())
                if outcome.record.basis != nil {
                    outcome.record.witness = if let witness { witness } else { try await take(pair) }
                }
                if outcome.record.provesAllRevisions { outcome.equal = sides.target as? VaultDatabase }
                return outcome
            }
            if case .vault(let name) = pair.backup, outcome.record.bodies?.unreadableInTarget != nil {
                // What is read in vain once is lost.
                outcome.failure = VaultError(.damaged, outcome.record.reason ?? "content can't be read", at: name)
            }
            return outcome
        } catch {
            try Task.checkCancellation()
            // A side that can't be read is no difference.
            var failed = record
            (failed.state, failed.endedAt, failed.verdict) = (.ended, now(), .unknown)
            failed.reason = (error as? ReplicationFailure)?.ofComparison ?? "\(error)"
            failed.seconds = record.seconds + began.duration(to: .now).seconds
            return Outcome(record: failed, failure: error)
        }
    }
}
