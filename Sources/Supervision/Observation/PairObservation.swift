import CouchDB
import Foundation

/// What one pass saw of one pair.
package struct PairObservation: Sendable {
    /// The pair.
    package var pair: Pair
    /// When it was looked at.
    package var at: Date
    /// The servers' descriptions.
    package var sourceServer: Observed<ServerInfo>
    package var targetServer: Observed<ServerInfo>
    /// The databases.
    package var source: DatabaseObservation
    package var target: DatabaseObservation
    /// The nodes with copies of them that are away; nil where none is, or nobody tells.
    package var sourceNodesAway: NodesAway?
    package var targetNodesAway: NodesAway?
    /// What replicates them; unknown where the lists could not be read, or not completely.
    package var replication: Observed<ReplicationObservation>
    /// How far the replication has come, and what is still to come.
    package var progress: Observed<ReplicationProgress>
    /// What was read in addition, because there was a reason or because it was the pair's turn.
    package var inspection: PairInspection?

    package init(
        pair: Pair, at: Date, sourceServer: Observed<ServerInfo>, targetServer: Observed<ServerInfo>,
        source: DatabaseObservation, target: DatabaseObservation, replication: Observed<ReplicationObservation>,
        progress: Observed<ReplicationProgress>, inspection: PairInspection? = nil
    ) {
        self.pair = pair
        self.at = at
        self.sourceServer = sourceServer
        self.targetServer = targetServer
        self.source = source
        self.target = target
        self.replication = replication
        self.progress = progress
        self.inspection = inspection
    }

    /// Whether so many copies of either side's shards are away that what was acknowledged may be with them alone.
    var mayLackCopies: Bool { [sourceNodesAway, targetNodesAway].contains { $0?.mayHideWrites ?? false } }

    /// The description of the server that runs the replication.
    package var coordinatorServer: Observed<ServerInfo> { pair.runOn == .target ? targetServer : sourceServer }

    /// Which database the source is, where the server's version tells.
    package var sourceIdentity: String? { source.info?.identity }

    /// Which database the target is, where the server's version tells.
    package var targetIdentity: String? { target.info?.identity }
}

/// How far a replication has come.
package struct ReplicationProgress: Sendable, Equatable {
    /// The source position up to which the target has everything, as the checkpoint says.
    package var checkpoint: UpdateSequence
    /// Changes of the source after the checkpoint; nil where the server could not count them.
    package var pending: Int?
    /// When the source was last seen at a position that the checkpoint has reached by now.
    package var coveredUntil: Date?

    package init(checkpoint: UpdateSequence, pending: Int?, coveredUntil: Date? = nil) {
        self.checkpoint = checkpoint
        self.pending = pending
        self.coveredUntil = coveredUntil
    }
}

/// What is read of a pair only now and then: checkpoints, security, validation functions.
package struct PairInspection: Sendable {
    /// The checkpoints on both sides; nil inside where there is none.
    package var sourceLog: Observed<ReplicationLog?>
    package var targetLog: Observed<ReplicationLog?>
    /// Changes after each side's checkpoint, asked where the two differ: the larger number is the older checkpoint.
    package var pendingAfterSourceLog: Int?
    package var pendingAfterTargetLog: Int?
    /// The `_security` objects.
    package var sourceSecurity: Observed<JSONValue>
    package var targetSecurity: Observed<JSONValue>
    /// Counts of both sides, read while the source stood still and nothing was pending; nil where it never did.
    package var comparableCounts: ComparableCounts?
    /// The target's design documents with a `validate_doc_update`, with their revisions; nil where not asked.
    package var validators: [String: String]?
    /// What each side has changed last; nil where it could not be asked.
    package var sourceChanges: PairMemory.NewestChanges?
    package var targetChanges: PairMemory.NewestChanges?
    /// The documents of which a side has lost what it had changed last at the inspection before, but for those that
    /// a purge may have taken.
    package var lostBySource: [String]
    package var lostByTarget: [String]

    package init(
        sourceLog: Observed<ReplicationLog?> = .known(nil), targetLog: Observed<ReplicationLog?> = .known(nil),
        pendingAfterSourceLog: Int? = nil, pendingAfterTargetLog: Int? = nil,
        sourceSecurity: Observed<JSONValue> = .known([:]), targetSecurity: Observed<JSONValue> = .known([:]),
        comparableCounts: ComparableCounts? = nil, validators: [String: String]? = nil,
        lostBySource: [String] = [], lostByTarget: [String] = []
    ) {
        self.sourceLog = sourceLog
        self.targetLog = targetLog
        self.pendingAfterSourceLog = pendingAfterSourceLog
        self.pendingAfterTargetLog = pendingAfterTargetLog
        self.sourceSecurity = sourceSecurity
        self.targetSecurity = targetSecurity
        self.comparableCounts = comparableCounts
        self.validators = validators
        (self.lostBySource, self.lostByTarget) = (lostBySource, lostByTarget)
    }
}

/// Document counts of both sides that may be compared: the source's sequence was the same before and after.
package struct ComparableCounts: Sendable, Hashable, Codable {
    package var sourceDocuments: Int
    package var sourceDeleted: Int
    package var targetDocuments: Int
    package var targetDeleted: Int

    package init(source: DatabaseInfo, target: DatabaseInfo) {
        sourceDocuments = source.documentCount
        sourceDeleted = source.deletedCount
        targetDocuments = target.documentCount
        targetDeleted = target.deletedCount
    }

    /// Whether both sides hold equally many documents and tombstones.
    package var areEqual: Bool { sourceDocuments == targetDocuments && sourceDeleted == targetDeleted }

    /// How many documents and tombstones the target has less than the source; negative where it has more.
    package var missing: Int { sourceDocuments + sourceDeleted - targetDocuments - targetDeleted }
}
