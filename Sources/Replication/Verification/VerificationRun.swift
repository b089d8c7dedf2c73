import CouchDB
import Foundation

/// Carries a verification of revisions or bodies out, from its beginning or from where it was stopped.
struct VerificationRun {
    private let verification: Verification
    private let journal: VerificationJournal?
    private var state: VerificationState
    /// Both sides as they were when this run began.
    private let sides: ReplicaDescriptions
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant

    /// Opens the journal, where the verification has a folder.
    static func open(
        _ verification: Verification, level: Verification.Level, isResuming: Bool
    ) async throws -> VerificationRun {
        let sides =
            if let known = verification.descriptions { known } else {
                try await ReplicaDescriptions.ask(verification.source, verification.target)
            }
        let (source, target) = (VerificationState.Side(sides.source), VerificationState.Side(sides.target))
        let away = try await AwayNodes.ask(verification.source, verification.target, sides)
        guard isResuming else {
            var state = VerificationState(
                level: level, share: verification.share, selfTests: verification.selfTests, at: verification.now(),
                source: source, target: target)
            if let basis = verification.basis, level == .revisions, basis.isSound(for: sides) { state.basis = basis }
            state.away = away
            var journal: VerificationJournal?
            if let folder = verification.folder { journal = VerificationJournal(beginningIn: folder, state) }
            return VerificationRun(verification, journal, state, sides)
        }
        guard let folder = verification.folder else {
            throw VerificationStateError(
                code: .nothingToResume, description: "a verification is resumed in the folder where it was stopped")
        }
        let journal = try await VerificationJournal.resume(in: folder)
        var state = journal.state
        guard !source.isOther(than: state.source), !target.isOther(than: state.target) else {
            throw VerificationStateError(
                code: .otherDatabases,
                description: "the verification compared \(state.source.name) with \(state.target.name), "
                    + "and one of them is another database now; verify again from the start")
        }
        guard state.source.isContinued(by: source), state.target.isContinued(by: target) else {
            // What was read before the pause may be lost since, and no feed lists it.
            var anew = VerificationState(
                level: state.level, share: state.share, selfTests: state.selfTests, at: verification.now(),
                source: source, target: target)
            (anew.seconds, anew.away) = (state.seconds, away)
            return VerificationRun(verification, VerificationJournal(beginningIn: folder, anew), anew, sides)
        }
        // What was read before the pause may have lacked something too.
        let worse = AwayNodes.worse(state.away, away)
        if worse != state.away {
            state.away = worse
            try await journal.change { $0.away = worse }
        }
        return VerificationRun(verification, journal, state, sides)
    }

    private init(
        _ verification: Verification, _ journal: VerificationJournal?, _ state: VerificationState,
        _ sides: ReplicaDescriptions
    ) {
        (self.verification, self.journal, self.state, self.sides) = (verification, journal, state, sides)
        began = clock.now
    }

    private var elapsed: Duration { .seconds(state.seconds) + began.duration(to: clock.now) }

    func run(_ difference: (Difference) async throws -> Void) async throws -> Verification.Result {
        var named = NamedDifferences()
        let explainer =
            verification.explains
            ? DifferenceExplainer(verification.source, verification.target, context: verification.context) : nil
        func take(_ found: Difference) async throws {
            var found = found
            if named.first.count < Verification.explainedDifferences {
                found.reason = try await explainer?.reason(of: found)
            }
            named.take(found)
            try await journal?.append(found)
            try await difference(found)
        }
        let revisions: VerificationState.Revisions
        if let known = state.revisions {
            revisions = known
            for item in try await journal?.differences() ?? [] {
                named.take(item)
                try await difference(item)
            }
        } else {
            revisions = try await compareRevisions { try await take($0) }
            let seconds = elapsed / .seconds(1)
            // Behind the revisions there is nothing to come back for, unless the bodies follow.
            if state.level == .bodies {
                try await journal?.change { state in
                    (state.revisions, state.comparison, state.seconds) = (revisions, nil, seconds)
                }
            }
        }
        var bodies: (report: BodyReport, passedSelfTest: Bool?)?
        if state.level == .bodies {
            let told = named.bodies
            bodies = try await compareBodies(told: told) { try await take($0) }
        }
        let away = AwayNodes.worse(state.away, try await verification.nodesAwayBehind(sides))
        return result(revisions, bodies, named, away)
    }

    private func compareRevisions(
        _ difference: (Difference) async throws -> Void
    ) async throws -> VerificationState.Revisions {
        if let basis = state.basis, !state.selfTests, basis.isUnchanged(for: sides) {
            return VerificationState.Revisions(
                counts: ComparisonCounts(), sequence: basis.source.sequence, targetSequence: basis.target.sequence,
                isBehind: false)
        }
        var comparator = ReplicaComparator(verification.source, verification.target)
        (comparator.looks, comparator.furtherLooks) = (verification.looks, verification.furtherLooks)
        (comparator.selfTests, comparator.targetStart) = (state.selfTests, state.target.sequence)
        if let options = verification.options { comparator.options = options }
        if let join = verification.join { comparator.join = join }
        let (report, before, began, clock) = (verification.onProgress, state.seconds, began, clock)
        @Sendable func elapsed() -> Duration { .seconds(before) + began.duration(to: clock.now) }
        comparator.onProgress = { state in
            report(
                Verification.Progress(
                    level: .revisions, rows: state.rows, expected: state.expected, elapsed: elapsed(), wait: state.wait)
            )
        }
        if let journal, let folder = verification.folder {
            comparator.kept = KeptComparison(
                folder: folder, state: state.comparison, interval: verification.checkpointInterval
            ) { comparison in
                let seconds = elapsed() / .seconds(1)
                try await journal.change { ($0.comparison, $0.seconds) = (comparison, seconds) }
            }
        }
        comparator.expected = max(sides.source.allDocuments, sides.target.allDocuments)
        if let basis = state.basis {
            // Few, as a rule; their number is known when they are read.
            (comparator.known, comparator.expected) = ((basis.source.sequence, basis.target.sequence), 0)
        }
        let result = try await comparator.run(difference: difference)
        return VerificationState.Revisions(
            counts: result.counts, sequence: result.sequence, targetSequence: result.targetSequence,
            isBehind: result.isFilling && result.counts.extra == 0 && result.counts.lacking > 0,
            passedSelfTest: result.passedSelfTest)
    }

    private func compareBodies(
        told: Set<DocumentID>, _ difference: (Difference) async throws -> Void
    ) async throws -> (report: BodyReport, passedSelfTest: Bool?) {
        var comparator = BodyComparator(verification.source, verification.target, share: state.share)
        if let options = verification.options { comparator.options = options }
        comparator.selfTest = state.selfTests ? BodySelfTest() : nil
        comparator.start = state.bodies
        comparator.checkpointInterval = verification.checkpointInterval
        let (report, before, began, clock) = (verification.onProgress, state.seconds, began, clock)
        @Sendable func elapsed() -> Duration { .seconds(before) + began.duration(to: clock.now) }
        comparator.onProgress = { state, wait in
            report(
                Verification.Progress(
                    level: .bodies, rows: state.rows, expected: state.expected, bytes: state.bytes, elapsed: elapsed(),
                    wait: wait))
        }
        if let journal {
            comparator.onCheckpoint = { report in
                let seconds = elapsed() / .seconds(1)
                try await journal.change { ($0.bodies, $0.seconds) = (report, seconds) }
            }
        }
        let done = try await comparator.run(told: told, difference: difference)
        return (done, try comparator.selfTest?.verdict())
    }

    private func result(
        _ revisions: VerificationState.Revisions, _ bodies: (report: BodyReport, passedSelfTest: Bool?)?,
        _ named: NamedDifferences, _ away: AwayNodes?
    ) -> Verification.Result {
        var counts = revisions.counts
        if let found = bodies?.report.counts {
            counts.bodyDiffers = found.bodyDiffers
            counts.attachmentDiffers = found.attachmentDiffers
            counts.equal -= found.bodyDiffers + found.attachmentDiffers - named.twice
        }
        var tests = [revisions.passedSelfTest, bodies?.passedSelfTest].compactMap { $0 }
        // A run that was resumed behind the revisions has tested them before.
        if !state.selfTests { tests = [] }
        let passed = tests.isEmpty ? nil : tests.allSatisfy { $0 }
        var result = Verification.Result(
            verdict: counts.isEqual ? .equal : .different, level: state.level, sequence: revisions.sequence,
            at: state.at, counts: counts, differences: named.first, bodies: bodies?.report,
            share: bodies == nil ? nil : state.share, passedSelfTest: passed, elapsed: elapsed)
        result.doubt(isBehind: revisions.isBehind)
        result.note(away)
        result.hasEqualPartitioning = sides.haveEqualPartitioning
        result.since = state.basis?.at
        if result.verdict == .equal {
            result.basis = VerificationBasis(
                sides, at: revisions.sequence, revisions.targetSequence, since: state.basis?.at ?? state.at)
        }
        return result
    }
}

/// The differences that a result names.
private struct NamedDifferences {
    private(set) var first: [Difference] = []
    /// The documents whose content differs.
    private(set) var bodies: Set<DocumentID> = []
    /// Documents that differ in their leaf revisions and in the content of a common one.
    private(set) var twice = 0
    private var otherLeaves: Set<DocumentID> = []

    mutating func take(_ difference: Difference) {
        if first.count < Verification.namedDifferences { first.append(difference) }
        switch difference.kind {
        case .otherLeaves: otherLeaves.insert(difference.id)
        case .bodyDiffers, .attachmentDiffers:
            bodies.insert(difference.id)
            if otherLeaves.contains(difference.id) { twice += 1 }
        case .missing, .extra: break
        }
    }
}

extension Verification.Result {
    /// Takes back a verdict that is not sure.
    fileprivate mutating func doubt(isBehind: Bool) {
        if passedSelfTest == false {
            (verdict, doubt) = (.unknown, .selfTestFailed)
            reason =
                "the self-test failed: a planted difference was not found, so nothing that was found can be trusted"
        } else if isBehind, counts.extra + counts.bodyDiffers + counts.attachmentDiffers == 0 {
            (verdict, doubt) = (.unknown, .backupBehind)
            reason =
                "the backup is behind: it was still being written when \(Wording.documents(counts.different)) "
                + "\(counts.different == 1 ? "was" : "were") missing; verify again when the replication has caught up"
        } else if verdict == .equal, let bodies, let first = bodies.unreadableRevisions.first {
            (verdict, doubt) = (.unknown, .contentUnreadable)
            reason =
                "\(Wording.revisions(bodies.unreadable)) could not be read, \(bodies.unreadable == 1 ? "" : "the first of them ")\(first.refusal.id) in the "
                + "\(first.side.rawValue): \(first.refusal.reason)"
        }
    }
}
