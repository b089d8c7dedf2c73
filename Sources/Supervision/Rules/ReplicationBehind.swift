import CouchDB
import Foundation

/// The backup lags behind the source.
package enum ReplicationBehind: PairRule {
    package static let name = "replication-behind"
    package static let explanation = RuleExplanation(
        title: "the backup lags behind the source",
        what:
            "Changes reach the backup later than is acceptable, or are not yet all there since the first copy still runs.",
        consequence: "If the source were lost now, the changes of that time would be lost with it.",
        evidence:
            "The number of changes after the checkpoint, asked from the source itself, and the time since which the source "
            + "has been seen in a state that the backup has not reached. A count that the server can't give is unknown, "
            + "not zero.",
        repair:
            "None by this rule: a stalled, waiting or crashing job has its own. Otherwise the servers are too slow for the "
            + "changes that come.",
        severity: "warning after lag_warning, critical after lag_critical",
        sources: ["couch_replicator_api_wrap.erl, get_pending_count"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let pending = situation.pending, pending > 0 else { return nil }
        let limits = situation.pair.thresholds
        let memory = situation.memory
        let isFirstCopy = !memory.wasComplete(
            until: situation.observation.progress.value?.coveredUntil ?? memory.coveredUntil)
        let lag =
            isFirstCopy
            ? situation.elapsed(since: memory.rescan?.startedAt ?? memory.firstSeen) ?? 0 : situation.waitingSeconds
        let tooMany = limits.lagChangesWarning.map { pending >= $0 } ?? false
        let farTooMany = limits.lagChangesCritical.map { pending >= $0 } ?? false
        // Without a time, the number of changes may still be too large.
        let seconds = lag ?? 0
        guard seconds >= limits.lagWarning || tooMany || farTooMany else { return nil }
        let evidence: Evidence = [
            "pending": .count(pending), "seconds": .count(lag.map { Int($0) }),
            "completeUntil": .time(situation.observation.progress.value?.coveredUntil ?? situation.memory.coveredUntil),
        ]
        if isFirstCopy && isMoving(situation) {
            return finding(
                .notice, situation,
                "the \(memory.isRescanning ? "reading from the beginning" : "first copy") is still running, with \(Wording.changes(pending)) to go",
                evidence: evidence, next: "couchkeep status")
        }
        return finding(
            seconds >= limits.lagCritical || farTooMany ? .critical : .warning, situation,
            "the backup is \(lag.map { "\(Wording.duration($0)) behind" } ?? "behind"), with \(Wording.changes(pending)) to copy",
            evidence: evidence,
            cause: situation.serverCause(ServerUnreachable.name, SecretUnavailable.name, CredentialsRejected.name))
    }

    private static func isMoving(_ situation: PairSituation) -> Bool {
        guard let changed = situation.elapsed(since: situation.memory.checkpointChanged) else { return true }
        return situation.replication?.isRunning == true && changed < situation.pair.thresholds.stalledFor
    }
}
