import CouchDB
import Foundation

extension PairMemory {
    /// Takes in what a pass saw and found.
    ///
    /// What was unknown changes nothing: a pass that could not look leaves the memory of the last one that could.
    package mutating func advance(after situation: PairSituation, findings: [Finding]) {
        let observation = situation.observation
        let now = observation.at
        source = observation.pair.source
        target = observation.pair.target
        firstSeen = firstSeen ?? now
        lastPass = now
        remember(findings, now: now)
        rememberDatabases(observation, findings: findings)
        rememberReplication(observation)
        rememberProgress(observation)
        rememberInspection(observation)
        completeRescan(observation)
    }

    private mutating func remember(_ findings: [Finding], now: Date) {
        findingsSince = Dictionary(findings.map { ($0.rule, $0.since) }) { first, _ in first }
        for rule in RuleCatalogue.latched {
            if let finding = findings.first(where: { $0.rule == rule }) {
                latches[rule] =
                    latches[rule] ?? Latch(since: finding.since, summary: finding.summary, evidence: finding.evidence)
            } else {
                latches[rule] = nil
            }
        }
        blindSince = findings.contains { $0.rule == Blind.name } ? blindSince ?? now : nil
    }

    private mutating func rememberDatabases(_ observation: PairObservation, findings: [Finding]) {
        let found = Set(findings.map(\.rule))
        if let info = observation.source.info {
            sourceSeen = sourceSeen ?? observation.at
            // A replaced or rolled back database is compared with the old one until somebody has dealt with it.
            if !found.contains(SourceReplaced.name) {
                sourceIdentity = observation.sourceIdentity ?? sourceIdentity
            }
            if !found.contains(SourceRolledBack.name) { sourceCounts = Counts(info) }
        }
        if let info = observation.target.info {
            targetSeen = targetSeen ?? observation.at
            if !found.contains(TargetReplaced.name) || rescan?.isPrepared == true {
                targetIdentity = observation.targetIdentity ?? targetIdentity
            }
            if !found.contains(TargetRolledBack.name) || rescan?.isPrepared == true { targetCounts = Counts(info) }
        }
    }

    private mutating func rememberReplication(_ observation: PairObservation) {
        guard let replication = observation.replication.value else { return }
        documentFirstSeen = replication.primary == nil ? nil : documentFirstSeen ?? observation.at
        // A document that is being looked at has no state yet.
        let shown = replication.primary?.state.flatMap { $0 == .initializing ? nil : $0.rawValue }
        let newState = shown ?? (replication.isRunning ? "running" : "none")
        if state != newState {
            state = newState
            stateSince = observation.at
        }
        switch replication.primary?.state {
        case .crashing?, .error?: crashingSince = crashingSince ?? observation.at
        case .running?, .completed?, nil: crashingSince = nil
        default: break
        }
        if let base = replication.id?.base { replicationBase = base }
        if let failures = replication.statistics?.documentWriteFailures {
            noteRefused(failures, observation.inspection)
        }
        let newActivity =
            (replication.statistics?.documentsWritten ?? 0) + (replication.statistics?.revisionsChecked ?? 0)
        if activity != newActivity {
            activity = newActivity
            activityChanged = observation.at
        }
    }

    private mutating func noteRefused(_ failures: Int, _ inspection: PairInspection?) {
        if failures > refused {
            refused = failures
            refusedValidators = nil
        }
        if refused > 0, refusedValidators == nil { refusedValidators = inspection?.validators }
    }

    private mutating func rememberProgress(_ observation: PairObservation) {
        guard let progress = observation.progress.value else { return }
        if checkpoint != progress.checkpoint {
            checkpoint = progress.checkpoint
            checkpointChanged = observation.at
        }
        guard let pending = progress.pending else { return }
        if pending == 0 {
            pendingSince = nil
            idleAt = observation.source.info?.updateSequence
            coveredUntil = observation.at
            wasComplete = true
            samples = []
        } else {
            idleAt = nil
            pendingSince = pendingSince ?? observation.at
            coveredUntil = progress.coveredUntil ?? coveredUntil
            samples.removeAll { sample in coveredUntil.map { sample.at <= $0 } ?? false }
            if let sequence = observation.source.info?.updateSequence {
                samples.append(Sample(at: observation.at, sequence: sequence))
            }
            thinSamples()
        }
    }

    /// Keeps sixteen samples at most: of more, the one goes whose absence leaves the smallest gap for its age, so that
    /// a lag of an hour and one of a day are both known to about a quarter.
    private mutating func thinSamples() {
        while samples.count > 16, let newest = samples.last?.at {
            func gap(_ index: Int) -> Double {
                samples[index + 1].at.timeIntervalSince(samples[index - 1].at)
                    / max(1, newest.timeIntervalSince(samples[index - 1].at))
            }
            guard let index = (1..<samples.count - 1).min(by: { gap($0) < gap($1) }) else { return }
            samples.remove(at: index)
        }
    }

    private mutating func rememberInspection(_ observation: PairObservation) {
        guard let inspection = observation.inspection else { return }
        lastInspection = observation.at
        guard let base = observation.replication.value?.id?.base ?? replicationBase else { return }
        if case .known(let log) = inspection.sourceLog { sourceLog = log.map { Log($0, base: base) } ?? sourceLog }
        if case .known(let log) = inspection.targetLog {
            targetLog = log.map { Log($0, base: base) } ?? targetLog
            if let log {
                noteRefused(
                    rescan == nil ? log.largestWriteFailures : log.history.first?.documentWriteFailures ?? 0, inspection
                )
            }
        }
    }

    /// Ends a rescan once the target has everything that the source had when it began.
    private mutating func completeRescan(_ observation: PairObservation) {
        guard rescan?.completedAt == nil, isRescanComplete(after: observation, since: .distantPast) else { return }
        rescan?.completedAt = observation.at
        refused = observation.replication.value?.statistics?.documentWriteFailures ?? 0
        // What still refuses is what is there now.
        refusedValidators = refused > 0 ? observation.inspection?.validators : nil
    }

    /// Whether a reading from the beginning that began after a moment has brought everything, as this pass sees it.
    package func isRescanComplete(after observation: PairObservation, since moment: Date) -> Bool {
        guard let rescan, rescan.isPrepared, rescan.startedAt >= moment else { return false }
        if rescan.completedAt != nil { return true }
        if let counts = observation.inspection?.comparableCounts, counts.missing > 0 { return false }
        guard let progress = observation.progress.value, let pending = progress.pending else { return false }
        // Right after the start the old checkpoint may still be shown, with nothing pending after it. An empty source
        // never gets a checkpoint.
        let isEmpty = observation.source.info?.updateSequence.displayNumber == 0
        guard !progress.checkpoint.isZero || isEmpty, observation.at.timeIntervalSince(rescan.startedAt) > 1 else {
            return false
        }
        let covered = pending == 0 ? observation.at : progress.coveredUntil ?? coveredUntil
        return covered.map { $0 > rescan.startedAt } ?? false
    }

    /// Forgets how far the replication had come, since it starts again from the beginning.
    package mutating func beginRescan(reason: String, at moment: Date) {
        rescan = Rescan(reason: reason, startedAt: moment, isPrepared: false)
        checkpoint = nil
        checkpointChanged = nil
        coveredUntil = nil
        samples = []
        idleAt = nil
        sourceLog = nil
        targetLog = nil
        wasComplete = false
        pendingSince = moment
    }
}

extension PairMemory.Log {
    init(_ log: ReplicationLog, base: String) {
        self.init(base: base, counter: log.counter, sessionID: log.sessionID, sequence: log.sourceLastSequence)
    }
}
