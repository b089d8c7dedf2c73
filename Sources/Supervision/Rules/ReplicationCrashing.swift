import CouchDB
import Foundation

/// The job stops with errors again and again.
package enum ReplicationCrashing: PairRule {
    package static let name = "replication-crashing"
    package static let explanation = RuleExplanation(
        title: "the job keeps crashing",
        what:
            "CouchDB starts a crashed job again after 30 s, then after twice as long, up to eight and a half hours. A job "
            + "that runs for more than two minutes between crashes shows running and error_count 0.",
        consequence:
            "The backup falls behind, and after an outage the next try may be hours away although the cause is gone.",
        evidence:
            "The state crashing or error with its reason, or at least crashes_per_hour crash events of the last hour "
            + "in the job's history; error_count is not used. A reason that often passes by itself, such as a refused "
            + "connection during a restart, is let be for crash_grace. A database that the job does not find while Couchkeep "
            + "sees it is a wrong address. What was told stays told while the job is started "
            + "again and again, until its checkpoint has moved, or it runs with nothing left to copy.",
        repair:
            "Where both servers answer again, Couchkeep restarts the job instead of waiting, and keeps its checkpoint. "
            + "The cause itself (password, filter, document) needs people; the summary names it.",
        severity: "critical", sources: ["couch_replicator_scheduler.erl", "apache/couchdb#4066, #4078, #4204"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary else {
            // What can't be seen is no success.
            return situation.replication == nil ? lasting(situation) : nil
        }
        let limits = situation.pair.thresholds
        let crashes = primary.job?.crashes(since: situation.now.addingTimeInterval(-3600)) ?? 0
        let isDown = primary.state == .crashing || primary.state == .error
        let reason = primary.errorText ?? primary.job?.lastCrash?.reason ?? "no reason given"
        let side = CrashedSide.named(in: reason, situation.desired)
        let cause = cause(of: reason, side: side, primary, situation)
        let downFor = situation.elapsed(since: situation.memory.crashingSince) ?? 0
        // A job that the scheduler keeps running long enough is flapping; one crash long ago is history.
        let isFlapping = crashes >= limits.crashesPerHour
        let checkpoint = situation.observation.progress.value?.checkpoint ?? situation.memory.checkpoint
        let hasCopied = situation.memory.wasComplete || situation.pending == 0 || checkpoint?.isZero == false
        let isCertain = isCertain(cause, isTwice: (primary.scheduled?.errorCount ?? 0) >= 2, hasCopied: hasCopied)
        let isTold = situation.memory.latches[name] != nil
        let isStuck = isDown && (isCertain || isTold || downFor >= limits.crashGrace)
        guard isStuck || (isFlapping && !hasRecovered(primary, situation)) else { return lasting(situation) }
        let isOthers = ReplicationDuplicate.diagnose(situation) != nil || ReplicationTransient.awaited(situation) != nil
        guard cause != .duplicate || !isOthers else { return nil }
        let what = cause.sentence + (side?.words ?? "") + cause.excerpt(of: reason)
        return finding(
            isDown ? .critical : .warning, situation,
            isDown
                ? "the replication has stopped: \(what)"
                : "the replication crashed \(crashes) times within an hour: \(what)",
            evidence: [
                "document": .text(primary.document.id), "cause": .text(cause.rawValue), "reason": .text(reason),
                "crashesInLastHour": .count(crashes), "state": .text(primary.state?.rawValue),
                "errorCount": .count(primary.scheduled?.errorCount), "lastCrash": .time(primary.job?.lastCrash?.at),
                "nextTryAbout": isDown ? .time(nextTry(primary)) : nil,
                "checkpoint": checkpoint?.value,
            ],
            next: cause.remedy,
            cause: situation.serverCause(ServerUnreachable.name, SecretUnavailable.name, CredentialsRejected.name))
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard let primary = situation.primary, primary.state == .crashing || primary.state == .error,
            finding.cause == nil, situation.bothDatabases != nil,
            let cause = finding.evidence["cause"]?.string.flatMap(CrashCause.init(rawValue:))
        else { return nil }
        switch cause {
        case .duplicate: return nil
        case .filterMissing: return .rewriteReplication(documentID: primary.document.id)
        case .poisonDocument, .documentIDRefused, .rateLimited: return nil
        default: break
        }
        // It would be tried soon anyway.
        guard let next = nextTry(primary), next.timeIntervalSince(situation.now) > 90 else { return nil }
        return .restartReplication(documentID: primary.document.id)
    }

    /// What a reason says, in the light of what the databases themselves say.
    private static func cause(
        of reason: String, side: CrashedSide?, _ primary: ReplicationObservation.Documented, _ situation: PairSituation
    ) -> CrashCause {
        let cause = CrashCause(reason: reason)
        guard cause == .databaseMissing, let crash = primary.job?.lastCrash?.at ?? primary.stateChanged
        else { return cause }
        let sides = side.map { [$0] } ?? CrashedSide.allCases
        return sides.allSatisfy { $0.wasThere(at: crash, in: situation) } ? .addressWrong : cause
    }

    /// Whether a job that is down stays down, as far as its reason tells.
    private static func isCertain(_ cause: CrashCause, isTwice: Bool, hasCopied: Bool) -> Bool {
        switch cause {
        // A start can be rejected once by accident, seen on 3.5.0 with several jobs starting at a time; twice is none.
        case .credentialsRejected, .accountLocked, .notPermitted: isTwice
        // A proxy shows its page also while the server behind it starts, but nothing ever came through this one.
        case .notCouchDB: isTwice || !hasCopied
        case .other: isTwice && !hasCopied
        default: !cause.passesByItself
        }
    }

    /// A job that was only started again, by whomever, has lost its history with that, and may crash once more.
    private static func lasting(_ situation: PairSituation) -> Finding? {
        guard let latch = situation.memory.latches[name], !hasCopied(since: latch, situation) else { return nil }
        let state = situation.primary?.state
        guard state != .failed, state != .completed else { return nil }
        let suffix = "; it was started again, and nothing shows yet that it copies"
        var summary = latch.summary
        // The latch carries what was told last.
        if situation.primary != nil, !summary.hasSuffix(suffix) { summary += suffix }
        var evidence = latch.evidence
        // Where it could not be seen as the job crashed, it has to move from here.
        if evidence["checkpoint"] == nil {
            evidence["checkpoint"] = situation.observation.progress.value?.checkpoint.value
        }
        let cause = evidence["cause"]?.string.flatMap(CrashCause.init(rawValue:))
        return Finding(
            rule: name, severity: latch.severity, since: latch.since, summary: summary, evidence: evidence,
            next: cause?.remedy ?? "couchkeep status",
            cause: situation.serverCause(ServerUnreachable.name, SecretUnavailable.name, CredentialsRejected.name))
    }

    /// Whether the job has come further than when it was seen crashing, or runs with nothing left to copy.
    private static func hasCopied(since latch: PairMemory.Latch, _ situation: PairSituation) -> Bool {
        guard situation.primary != nil, let progress = situation.observation.progress.value else { return false }
        if situation.primary?.state == .running, progress.pending == 0 { return true }
        guard let before = latch.evidence["checkpoint"] else { return false }
        return !progress.checkpoint.isZero && progress.checkpoint != UpdateSequence(before)
    }

    /// Whether the last crash is half an hour old and the job runs since.
    private static func hasRecovered(_ primary: ReplicationObservation.Documented, _ situation: PairSituation) -> Bool {
        guard primary.state == .running, let last = primary.job?.lastCrash?.at else { return false }
        return situation.now.timeIntervalSince(last) > 30 * 60
    }

    /// 30 s · 2^(n−1) after the last crash, with n at most 10 (couch_replicator_scheduler.erl).
    private static func nextTry(_ primary: ReplicationObservation.Documented) -> Date? {
        guard let last = primary.job?.lastCrash?.at ?? primary.stateChanged else { return nil }
        let count = primary.scheduled?.errorCount ?? 1
        return last.addingTimeInterval(30 * pow(2, Double(min(max(count, 1), 11) - 1)))
    }
}
