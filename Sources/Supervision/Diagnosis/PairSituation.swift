import CouchDB
import Foundation

/// All that a rule about a pair may look at.
package struct PairSituation: Sendable {
    /// What this pass saw.
    package var observation: PairObservation
    /// What earlier passes left.
    package var memory: PairMemory
    /// The findings about the two servers.
    package var sourceServerFindings: [Finding]
    package var targetServerFindings: [Finding]
    /// The replication that the pair should have.
    package var desired: DesiredReplication
    /// What the last comparison of the two sides says.
    package var proof: ComparisonProof
    /// When that comparison began, where it found the same revisions on both sides; nil where it did not, or there was none.
    package var equalSince: Date?

    package init(
        observation: PairObservation, memory: PairMemory, sourceServerFindings: [Finding] = [],
        targetServerFindings: [Finding] = [], desired: DesiredReplication, proof: ComparisonProof = .notDemanded,
        equalSince: Date? = nil
    ) {
        self.observation = observation
        self.memory = memory
        self.sourceServerFindings = sourceServerFindings
        self.targetServerFindings = targetServerFindings
        self.desired = desired
        self.proof = proof
        self.equalSince = equalSince
    }

    /// The pair.
    package var pair: Pair { observation.pair }
    /// When this pass looked.
    package var now: Date { observation.at }
    /// What replicates the pair, where that is known.
    package var replication: ReplicationObservation? { observation.replication.value }
    /// The document that stands for the pair.
    package var primary: ReplicationObservation.Documented? { replication?.primary }
    /// The source's and the target's descriptions, where both exist.
    package var bothDatabases: (source: DatabaseInfo, target: DatabaseInfo)? {
        guard let source = observation.source.info, let target = observation.target.info else { return nil }
        return (source, target)
    }

    /// How long ago a moment was; never negative, should the clock have gone back.
    package func elapsed(since moment: Date?) -> TimeInterval? {
        moment.map { max(0, now.timeIntervalSince($0)) }
    }

    /// The fingerprint of a finding about one of the servers by one of these rules, the source's first.
    package func serverCause(_ rules: String...) -> String? {
        for (server, findings) in [
            (pair.source.server, sourceServerFindings), (pair.target.server, targetServerFindings),
        ] {
            if let finding = findings.first(where: { rules.contains($0.rule) }) {
                return Finding.fingerprint(rule: finding.rule, subject: server)
            }
        }
        return nil
    }

    /// Whether the target is known to lag, and by how much.
    package var pending: Int? { observation.progress.value?.pending }

    /// The seconds for which the target lags: how old the newest source state is that it surely holds.
    ///
    /// nil where that is unknown: nothing was ever complete, or the lag could not be read. While nodes are away that may have
    /// more of the source, nothing newer is known.
    package var lagSeconds: TimeInterval? {
        guard let progress = observation.progress.value, let pending = progress.pending else { return nil }
        if pending == 0, !mayLackCopies(.source) { return 0 }
        return elapsed(since: progress.coveredUntil ?? memory.coveredUntil)
    }

    /// For how many seconds changes are known to have waited: since the oldest look at the source in whose state the
    /// target still isn't.
    ///
    /// It is the lag at least, where ``lagSeconds`` is the lag at most: between two passes nobody looked. nil where it
    /// is unknown.
    package var waitingSeconds: TimeInterval? {
        guard let progress = observation.progress.value, let pending = progress.pending else { return nil }
        guard pending > 0 else { return 0 }
        let covered = progress.coveredUntil ?? .distantPast
        return elapsed(since: memory.samples.first { $0.at > covered }?.at) ?? 0
    }

    /// Whether a reading from the beginning of ours is still on its way, as this pass sees it.
    package var isRescanning: Bool {
        memory.isRescanning && !memory.isRescanComplete(after: observation, since: .distantPast)
    }

    /// Whether a side can't be looked at and never was: then what is not there yet follows from that alone.
    package var hasUnseenSide: Bool {
        if case .unknown = observation.source, memory.sourceSeen == nil { return true }
        if case .unknown = observation.target, memory.targetSeen == nil { return true }
        return false
    }

    /// How many documents and tombstones the target has less than the source, now; at least zero.
    package var missingNow: Int {
        bothDatabases.map { max(0, ComparableCounts(source: $0.source, target: $0.target).missing) } ?? 0
    }

    /// Whether a reading from the beginning that began after a moment is on its way, or done.
    package func isBeingMended(since moment: Date) -> Bool {
        memory.rescan.map { $0.isPrepared && $0.startedAt >= moment } ?? false
    }

    /// Whether what replicates the pair now has the checkpoint of a job of an earlier look, as far as that is known.
    func mayGoOn(from base: String?) -> Bool {
        guard let base, let now = primary?.id?.base else { return true }
        return base == now
    }

    /// Whether a job with `since_seq` has the replication id of a whole one: up to CouchDB 3.5.1 (apache/couchdb#5881).
    var hasOneIDWithLateStart: Bool {
        observation.coordinatorServer.value.map { $0.version <= ServerVersion(3, 5, 1) } ?? true
    }

    /// Whether what the target lost is there again: by a reading from the beginning of ours that has brought
    /// everything, or, where documents were missing, by counts that are equal now.
    ///
    /// Counts that were equal all along prove nothing.
    package func isMended(_ latch: PairMemory.Latch) -> Bool {
        guard !observation.mayLackCopies else { return false }
        if let rescan = memory.rescan, rescan.startedAt >= latch.since {
            return memory.isRescanComplete(after: observation, since: latch.since)
        }
        if let missing = latch.evidence["missing"]?.integer, missing > 0,
            let counts = observation.inspection?.comparableCounts, counts.missing <= 0
        {
            return true
        }
        // Somebody else may have let the job read everything again.
        guard pending == 0, let log = observation.inspection?.targetLog.value ?? nil else { return false }
        return log.beganFromZero(after: latch.since)
    }
}

/// All that a rule about a server may look at.
package struct ServerSituation: Sendable {
    /// What this pass saw.
    package var observation: ServerObservation
    /// What earlier passes left.
    package var memory: ServerMemory
    /// The pairs that have a side here.
    package var pairs: [Pair]
    /// The server's address, for messages.
    package var url: String
    /// The file with the authorities that are trusted for it; nil for the system's.
    package var authorityFile: String?
    /// The addresses of the servers at the other ends, for the question of TLS.
    package var peerURLs: [String]
    /// Databases of a source that no pair covers.
    package var unprotected: [String]
    /// Patterns of the configuration that match no database here.
    package var unmatched: [String]
    /// Pairs that are left out since several databases would share one target.
    package var conflicts: [String]
    /// When this pass looked.
    package var now: Date

    package init(
        observation: ServerObservation, memory: ServerMemory, pairs: [Pair], url: String,
        authorityFile: String? = nil, peerURLs: [String] = [],
        unprotected: [String] = [], unmatched: [String] = [], conflicts: [String] = [], now: Date
    ) {
        self.observation = observation
        self.memory = memory
        self.pairs = pairs
        self.url = url
        self.authorityFile = authorityFile
        self.peerURLs = peerURLs
        self.unprotected = unprotected
        self.unmatched = unmatched
        self.conflicts = conflicts
        self.now = now
    }

    /// The command with which people see what answers at a path of the server.
    func curl(_ path: String) -> String {
        let trusting = authorityFile.map { "--cacert \(ShellWord.quoted($0)) " } ?? ""
        return "curl -sS \(trusting)\(ShellWord.quoted(url + path))"
    }
}
