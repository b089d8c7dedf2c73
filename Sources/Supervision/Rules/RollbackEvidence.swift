import CouchDB
import Foundation

/// What shows that one side of a pair was put back to an older state: the same question for the source and the target.
struct RollbackEvidence {
    enum Side: String {
        case source
        case target
    }

    private let side: Side
    private let situation: PairSituation
    private let info: DatabaseInfo?
    private let identity: String?
    private let own: ReplicationLog?
    private let other: ReplicationLog?
    /// Changes of the source after this side's checkpoint and after the other's.
    private let pendingAfterOwn: Int?
    private let pendingAfterOther: Int?
    private let counts: PairMemory.Counts?
    private let suspect: Date?
    /// What the side had changed last and has lost.
    private let lost: [String]
    private let rememberedIdentity: String?
    private let rememberedLog: PairMemory.Log?
    private let settledLog: PairMemory.Log?

    init(_ side: Side, in situation: PairSituation) {
        self.side = side
        self.situation = situation
        let (observation, memory) = (situation.observation, situation.memory)
        let sourceLog = observation.inspection?.sourceLog.value ?? nil
        let targetLog = observation.inspection?.targetLog.value ?? nil
        let afterSource = observation.inspection?.pendingAfterSourceLog
        let afterTarget = observation.inspection?.pendingAfterTargetLog
        let inspection = observation.inspection
        lost = (side == .source ? inspection?.lostBySource : inspection?.lostByTarget) ?? []
        switch side {
        case .source:
            (info, identity) = (observation.source.info, observation.sourceIdentity)
            (own, other) = (sourceLog, targetLog)
            (pendingAfterOwn, pendingAfterOther) = (afterSource, afterTarget)
            (counts, suspect) = (memory.sourceCounts, memory.sourceSuspect)
            (rememberedIdentity, rememberedLog) = (memory.sourceIdentity, memory.sourceLog)
            settledLog = memory.settledSourceLog
        case .target:
            (info, identity) = (observation.target.info, observation.targetIdentity)
            (own, other) = (targetLog, sourceLog)
            (pendingAfterOwn, pendingAfterOther) = (afterTarget, afterSource)
            (counts, suspect) = (memory.targetCounts, memory.targetSuspect)
            (rememberedIdentity, rememberedLog) = (memory.targetIdentity, memory.targetLog)
            settledLog = memory.settledTargetLog
        }
    }

    /// The evidence; nil where nothing shows a rollback, or where nodes are away that may have what seems to be lost.
    var found: Evidence? { situation.mayLackCopies(side) ? nil : shown }

    /// The evidence, whatever nodes are away.
    var shown: Evidence? {
        // Another database of the same name is another rule's matter.
        if let rememberedIdentity, let identity, rememberedIdentity != identity { return nil }
        if let evidence = fewerDocuments ?? lostChanges { return evidence }
        // A rescan of our own has removed the checkpoints.
        guard !situation.memory.isRescanning, areCheckpointsProof else { return nil }
        return olderRevision ?? olderPosition
    }

    /// Whether a checkpoint that is older than it should be shows that the database is.
    ///
    /// `_local` documents are not replicated between the nodes of a cluster (mem3_rep.erl reads the changes): of several
    /// copies one that was away when the checkpoint was written goes on answering with an older one, or with none. There
    /// documents have to be missing as well.
    private var areCheckpointsProof: Bool {
        guard info?.n ?? 1 > 1 else { return true }
        // Of a source others show that; a target lacks what is never copied again, as two passes have seen. What was missing
        // before, such as what it has refused, it has not lost.
        return side == .target && situation.pending == 0 && situation.missingNow > situation.memory.missingBefore ?? 0
            && situation.memory.countsSuspect != nil
    }

    /// Whether what seems to be lost is more than what a lagging copy lacks.
    ///
    /// On a cluster the copy of the node that answers is asked each time, and lags for a while when that was away: two passes
    /// have to agree, and not with the first after its return.
    private var isAgreed: Bool {
        info?.n ?? 1 == 1 || situation.mayLackCopies(side) || (suspect != nil && !situation.hasReturned(side))
    }

    private var fewerDocuments: Evidence? {
        guard isAgreed, let counts, let info else { return nil }
        return counts.regression(to: PairMemory.Counts(info), of: "the \(side.rawValue)")
    }

    /// However far a database has grown again, it has lost what it had changed last.
    private var lostChanges: Evidence? {
        guard isAgreed, !lost.isEmpty else { return nil }
        return [
            "shownBy": .string("the \(side.rawValue) no longer has what it had changed last"),
            "lost": .array(lost.prefix(5).map { .string($0) }),
        ]
    }

    /// The checkpoint's local revision counts up with each write, and has gone back.
    private var olderRevision: Evidence? {
        guard let own, let before = rememberedLog, before.base == situation.replication?.id?.base,
            let now = own.counter, let then = before.counter, now < then,
            // One that somebody deleted counts from one again.
            !own.beganFromZero(after: situation.memory.lastInspection ?? .distantPast)
        else { return nil }
        return [
            "shownBy": .string("the \(side.rawValue)'s checkpoint is an older revision than before"),
            "checkpointBefore": .string("0-\(then)"), "checkpointNow": .string("0-\(now)"),
            "sequenceBefore": before.sequence.value, "sequenceNow": own.sourceLastSequence.value,
        ]
    }

    /// Both checkpoints are of one session, and this side's is the older.
    private var olderPosition: Evidence? {
        guard let own, let other, own.sessionID == other.sessionID, let pendingAfterOwn, let pendingAfterOther,
            pendingAfterOwn > pendingAfterOther, isSettled,
            // A job that rests leaves it as it is, however whole the side is by now.
            own.sessionID != settledLog?.sessionID || own.sourceLastSequence != settledLog?.sequence
        else { return nil }
        return [
            "shownBy": .string("both checkpoints have the same session, and the \(side.rawValue)'s is the older"),
            "session": .string(own.sessionID), "checkpoint": own.sourceLastSequence.value,
            "otherCheckpoint": other.sourceLastSequence.value,
            "changesBetween": .count(pendingAfterOwn - pendingAfterOther),
        ]
    }

    /// Whether the two checkpoints differ for good: a running job writes one before the other, however slow a server is.
    private var isSettled: Bool {
        guard let replication = situation.replication, replication.isRunning else { return true }
        let inspection = situation.observation.inspection
        let isUnchanged =
            situation.memory.sourceLog?.sequence == (inspection?.sourceLog.value ?? nil)?.sourceLastSequence
            && situation.memory.targetLog?.sequence == (inspection?.targetLog.value ?? nil)?.sourceLastSequence
        guard isUnchanged else { return false }
        // Both are by the clock of the server that runs the job.
        if let startedOn = replication.startedOn, let session = own?.history.first, session.id == own?.sessionID,
            let startTime = session.startTime
        {
            return startedOn.timeIntervalSince(startTime) > Self.sessionStart
        }
        let changed = situation.memory.checkpointChanged ?? situation.observation.at
        return situation.observation.at.timeIntervalSince(changed) >= Self.patience
    }

    /// In seconds: a process that started by so much later than a session is not the one that writes its checkpoints.
    private static let sessionStart: TimeInterval = 5
    /// In seconds: how long a checkpoint may be half written where it isn't known when the process started.
    private static let patience: TimeInterval = 60
}
