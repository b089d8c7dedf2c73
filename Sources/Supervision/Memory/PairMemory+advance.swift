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
        settleRefusals(situation)
        let told = latches
        remember(findings, now: now)
        renewRollback(observation)
        takeBackEvidence(findings, now: now)
        settleCreation(situation)
        rememberDatabases(situation, findings: findings)
        rememberReplication(observation)
        rememberProgress(situation)
        rememberInspection(situation)
        let over = Set(told.keys).subtracting(latches.keys)
        settledSourceLog = Self.settled(
            settledSourceLog, now: sourceLog, other: targetLog, isOver: over.contains(SourceRolledBack.name))
        settledTargetLog = Self.settled(
            settledTargetLog, now: targetLog, other: sourceLog, isOver: over.contains(TargetRolledBack.name))
        completeRescan(observation, situation.proof)
    }

    private static func settled(_ before: Log?, now: Log?, other: Log?, isOver: Bool) -> Log? {
        guard let now else { return before }
        if isOver, now.sequence != other?.sequence { return now }
        return before?.sequence == now.sequence ? before : nil
    }

    /// Forgets refusals after which a comparison has found everything in the target.
    private mutating func settleRefusals(_ situation: PairSituation) {
        guard areRefusalsProved(by: situation.proof) else { return }
        settledRefusals = max(refused, settledRefusals ?? 0)
        settledInSession = refused
        settledSession = situation.primary?.task?.startedOn
        (refused, refusedBefore, refusedValidators, refusedAt) = (0, nil, nil, nil)
    }

    /// Forgets a creation of which nothing is there: whatever has that name later is somebody else's.
    private mutating func settleCreation(_ situation: PairSituation) {
        switch situation.observation.target {
        case .missing where !situation.mayPass(TargetMissing.name, .target): creation = nil
        case .present(let info) where creation == .begun && info.documentCount + info.deletedCount > 0: creation = nil
        case .present, .missing, .unknown: break
        }
    }

    private mutating func remember(_ findings: [Finding], now: Date) {
        findingsSince = Dictionary(findings.map { ($0.rule, $0.since) }) { first, _ in first }
        for rule in RuleCatalogue.latched {
            if let finding = findings.first(where: { $0.rule == rule }) {
                let latch = Latch(
                    since: finding.since, severity: finding.severity, cause: finding.cause, summary: finding.summary,
                    evidence: finding.evidence)
                // What a rollback was known by is kept; others are told as they were last seen.
                let isRenewed = RuleCatalogue.renewed.contains(rule)
                latches[rule] = isRenewed ? latch : latches[rule] ?? latch
            } else {
                latches[rule] = nil
            }
        }
        blindSince = findings.contains { $0.rule == Blind.name } ? blindSince ?? now : nil
    }

    /// Remembers the source's counts for half an hour to an hour.
    ///
    /// - Parameter beginsAnew: whether what has gone until now is told already.
    private mutating func mark(_ now: CountsMark, beginsAnew: Bool) {
        // What it has grown beyond says nothing of what goes next.
        let marks = (beginsAnew ? [] : sourceMarks ?? []).filter {
            $0.counts.documents >= now.counts.documents && $0.at <= now.at
        }
        guard let last = marks.last else {
            sourceMarks = [now]
            return
        }
        sourceMarks = now.at.timeIntervalSince(last.at) >= MassDeletion.slowly / 2 ? [last, now] : marks
    }

    /// Of what a source has lost once more, no earlier comparison knows.
    private mutating func renewRollback(_ observation: PairObservation) {
        guard observation.inspection?.lostBySource.isEmpty == false else { return }
        latches[SourceRolledBack.name]?.since = observation.at
    }

    /// What was known of the backup is not known of the one that there is after a loss, nor that it equals another source.
    mutating func takeBackEvidence(_ findings: [Finding], now: Date) {
        func since(_ finding: Finding) -> Date? {
            switch finding.rule {
            case TargetMissing.name: targetSeen == nil ? nil : now
            case TargetReplaced.name, TargetRolledBack.name: finding.since
            default: nil
            }
        }
        evidenceFrom = (findings.compactMap(since) + [evidenceFrom].compactMap(\.self)).max()
        let ofSource = findings.filter { [SourceReplaced.name, SourceRolledBack.name].contains($0.rule) }.map(\.since)
        sourceEvidenceFrom = (ofSource + [sourceEvidenceFrom].compactMap(\.self)).max()
    }

    /// A replaced or rolled back database is compared with the old one until somebody has dealt with it.
    private mutating func rememberDatabases(_ situation: PairSituation, findings: [Finding]) {
        let (observation, inspection) = (situation.observation, situation.observation.inspection)
        let found = Set(findings.map(\.rule))
        let isSourceForeign = situation.sourceServerFindings.contains { $0.rule == ServerReplaced.name }
        // What was seen whole is compared with until all is back.
        if let info = observation.source.info, !isSourceForeign, !found.contains(SourceReplaced.name),
            !situation.mayLackCopies(.source)
        {
            let isWhole = situation.isWhole(.source)
            // That it is there needs no quorum.
            sourceSeen = sourceSeen ?? observation.at
            if let identity = observation.sourceIdentity, isWhole {
                if identity != sourceIdentity { sourceMarks = nil }
                sourceIdentity = identity
            }
            let counts = Counts(info)
            if SourceRolledBack.isProvedWhole(situation) {
                (sourceCounts, sourceSuspect) = (counts, nil)
            } else if !found.contains(SourceRolledBack.name) {
                Self.note(
                    counts, isWhole: isWhole, hasLost: inspection?.lostBySource.isEmpty == false,
                    in: &sourceCounts, suspect: &sourceSuspect,
                    at: situation.hasReturned(.source) ? nil : observation.at)
            }
            if sourceCounts == counts {
                // It may have been told while few copies showed it, of which nothing was remembered.
                let before = situation.memory.sourceCounts?.documents
                let isTold = findings.contains { finding in
                    finding.rule == MassDeletion.name
                        && (finding.since == observation.at
                            || (finding.evidence["documentsBefore"]?.integer == before && before != info.documentCount))
                }
                mark(CountsMark(counts: counts, at: observation.at), beginsAnew: isTold)
            }
        }
        let isTargetForeign = situation.targetServerFindings.contains { $0.rule == ServerReplaced.name }
        // What a comparison has found whole is what later passes compare with.
        let isProved =
            situation.memory.latches[TargetRolledBack.name].map { situation.proof.proves(since: $0.since) } ?? false
        let isBeingMended = isProved || (isRescanning && rescan?.isPrepared == true)
        if let info = observation.target.info, !isTargetForeign, !situation.mayLackCopies(.target),
            !found.contains(TargetReplaced.name) || isBeingMended
        {
            let isWhole = situation.isWhole(.target)
            targetSeen = targetSeen ?? observation.at
            if isWhole || isBeingMended { targetIdentity = observation.targetIdentity ?? targetIdentity }
            if isBeingMended {
                targetCounts = Counts(info)
                targetSuspect = nil
            } else if !found.contains(TargetRolledBack.name) {
                Self.note(
                    Counts(info), isWhole: isWhole, hasLost: inspection?.lostByTarget.isEmpty == false,
                    in: &targetCounts, suspect: &targetSuspect,
                    at: situation.hasReturned(.target) ? nil : observation.at)
            }
        }
        if let counts = inspection?.comparableCounts, !observation.mayLackCopies {
            countsSuspect = counts.areEqual ? nil : countsSuspect ?? observation.at
        }
        if observation.source.isKnown { sourceNodesAway = observation.sourceNodesAway }
        if observation.target.isKnown { targetNodesAway = observation.targetNodesAway }
    }

    /// Takes counts in, unless the side seems to have gone back: then the old ones stay, to be compared with once more.
    ///
    /// - Parameter moment: nil where nodes have just come back, so that this pass agrees with no other.
    private static func note(
        _ now: Counts, isWhole: Bool, hasLost: Bool, in counts: inout Counts?, suspect: inout Date?, at moment: Date?
    ) {
        if hasLost || counts?.regression(to: now, of: "") != nil {
            let before = suspect
            suspect = moment.map { before ?? $0 }
        } else {
            if isWhole { counts = now }
            suspect = nil
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
        case .running? where hasMoved(observation): crashingSince = nil
        case .completed?: crashingSince = nil
        case nil where replication.primary == nil: crashingSince = nil
        default: break
        }
        if let base = replication.id?.base { replicationBase = base }
        if let failures = replication.statistics?.documentWriteFailures {
            // A counter that went back is one of a new session. Before 3.0 each counts from zero, so that another one may have
            // come as far again.
            let isOld = (observation.coordinatorServer.value?.version).map { $0 < ServerVersion(3, 0) } ?? false
            let isOther = settledSession != replication.primary?.task?.startedOn
            if failures < settledInSession ?? 0 || (isOld && isOther && settledSession != nil) {
                (settledInSession, settledSession) = (0, nil)
            }
            noteRefused(failures, settled: settledInSession ?? 0, observation.inspection, at: observation.at)
        }
        let newActivity =
            (replication.statistics?.documentsWritten ?? 0) + (replication.statistics?.revisionsChecked ?? 0)
        if activity != newActivity {
            activity = newActivity
            activityChanged = observation.at
        }
    }

    /// Whether the job has copied something since the last pass, or has nothing left to copy: that it runs proves neither.
    private func hasMoved(_ observation: PairObservation) -> Bool {
        guard let progress = observation.progress.value else { return false }
        return progress.pending == 0 || (checkpoint != nil && checkpoint != progress.checkpoint)
    }

    private mutating func noteRefused(
        _ failures: Int, settled: Int, _ inspection: PairInspection?, at moment: Date
    ) {
        if failures > max(refused, settled) {
            (refused, refusedBefore) = (failures, settled)
            refusedAt = moment
            refusedValidators = nil
        }
        if refused > 0, refusedValidators == nil { refusedValidators = inspection?.validators }
    }

    private mutating func rememberProgress(_ situation: PairSituation) {
        let observation = situation.observation
        guard let progress = observation.progress.value else { return }
        if checkpoint != progress.checkpoint {
            checkpoint = progress.checkpoint
            checkpointChanged = observation.at
        }
        guard let pending = progress.pending else { return }
        // What can't be seen may wait.
        let isVisible = !situation.mayLackCopies(.source)
        if pending == 0 {
            pendingSince = nil
            samples = []
            idleAt = isVisible ? observation.source.info?.updateSequence : nil
            coveredUntil = isVisible ? observation.at : coveredUntil
            wasComplete = wasComplete || isVisible
        } else {
            idleAt = nil
            pendingSince = pendingSince ?? observation.at
            coveredUntil = isVisible ? progress.coveredUntil ?? coveredUntil : coveredUntil
            wasComplete = wasComplete(until: coveredUntil)
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

    private mutating func rememberInspection(_ situation: PairSituation) {
        let observation = situation.observation
        guard let inspection = observation.inspection else { return }
        lastInspection = observation.at
        let (isSourceWhole, isTargetWhole) = (situation.isWhole(.source), situation.isWhole(.target))
        // What seems to be lost, and is not believed yet, is asked for once more.
        if isSourceWhole, inspection.lostBySource.isEmpty || latches[SourceRolledBack.name] != nil {
            sourceChanges = inspection.sourceChanges ?? sourceChanges
        }
        if isTargetWhole, inspection.lostByTarget.isEmpty || latches[TargetRolledBack.name] != nil {
            targetChanges = inspection.targetChanges ?? targetChanges
        }
        if let source = inspection.sourceLog.value ?? nil, let target = inspection.targetLog.value ?? nil,
            source.sourceLastSequence == target.sourceLastSequence, situation.pending == 0, !observation.mayLackCopies
        {
            missingBefore = situation.missingNow
        }
        guard let base = observation.replication.value?.id?.base ?? replicationBase else { return }
        // One that is gone is forgotten: what is written in its place begins to count anew.
        if case .known(let log) = inspection.sourceLog, isSourceWhole { sourceLog = log.map { Log($0, base: base) } }
        if case .known(let log) = inspection.targetLog {
            if isTargetWhole { targetLog = log.map { Log($0, base: base) } }
            if let log {
                let logged = isRescanning ? 0 : log.largestWriteFailures
                noteRefused(logged, settled: settledRefusals ?? 0, inspection, at: observation.at)
            }
        }
    }

    /// Ends a rescan once the target has everything that the source had when it began.
    private mutating func completeRescan(_ observation: PairObservation, _ proof: ComparisonProof) {
        guard rescan?.completedAt == nil, isRescanComplete(after: observation, since: .distantPast) else { return }
        let log = observation.inspection?.targetLog.value ?? nil
        // Without a count it is not known whether the target refused something again.
        guard
            let failures = observation.replication.value?.statistics?.documentWriteFailures
                ?? log?.history.first?.documentWriteFailures ?? (refused == 0 ? 0 : nil)
        else { return }
        rescan?.completedAt = observation.at
        // Where pairs are compared, only that says that what was refused is there by now.
        if failures > 0 || !proof.isDemanded { (refused, refusedBefore) = (failures, nil) }
        // What still refuses is what is there now.
        refusedValidators = refused > 0 ? observation.inspection?.validators : nil
    }

    /// Whether a reading from the beginning that began after a moment has brought everything, as this pass sees it.
    package func isRescanComplete(after observation: PairObservation, since moment: Date) -> Bool {
        guard let rescan, rescan.isPrepared, rescan.startedAt >= moment else { return false }
        if rescan.completedAt != nil { return true }
        guard !observation.mayLackCopies else { return false }
        if let counts = observation.inspection?.comparableCounts, counts.missing > 0 { return false }
        guard let progress = observation.progress.value, let pending = progress.pending else { return false }
        // Right after the start the old checkpoint may still be shown, with nothing pending after it. An empty source
        // never gets a checkpoint, whatever a new _security has made of its sequence in 1.x.
        let isEmpty = observation.source.info.map { $0.documentCount + $0.deletedCount == 0 } ?? false
        guard !progress.checkpoint.isZero || isEmpty, observation.at.timeIntervalSince(rescan.startedAt) > 1 else {
            return false
        }
        let covered = pending == 0 ? observation.at : progress.coveredUntil ?? coveredUntil
        return covered.map { $0 > rescan.startedAt } ?? false
    }

    /// Notes that a step was taken whose intent was remembered.
    package mutating func finish(_ action: RepairAction, at moment: Date) {
        switch action {
        case .createTarget, .copySecurity: creation = nil
        // Another replication than before has checkpoints of its own.
        case .createReplication, .makeDurable: replicationBase = nil
        case .resetCheckpoints:
            rescan?.isPrepared = true
            rescan?.startedAt = moment
        default: break
        }
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
        // New checkpoints count refusals anew.
        (settledRefusals, settledInSession, settledSession) = (nil, nil, nil)
        wasComplete = false
        pendingSince = moment
    }
}

extension PairMemory.Log {
    init(_ log: ReplicationLog, base: String) {
        self.init(base: base, counter: log.counter, sessionID: log.sessionID, sequence: log.sourceLastSequence)
    }
}
