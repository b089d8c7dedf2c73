import CouchDB
import Replication
import Vault

/// What a restore may do.
package struct RestoreOptions: Sendable {
    package var selection = RestoreSelection.all
    /// Whether the target may have documents, which are then changed.
    package var intoExisting = false
    /// Whether what came after the moment goes away.
    package var isExact = false
    /// Whether the target may be the database that was backed up.
    package var ontoSource = false
    /// Whether a moment may be restored that was not read to its end.
    package var acceptsIncomplete = false
    /// Whether local documents are restored; those that came later are kept.
    package var includesLocalDocuments = false
    /// How to copy.
    package var replication = ReplicationOptions()

    package init() {
        // A server takes documents more slowly than the vault hands them out: a larger buffer would only be full.
        replication.bufferBytes = 8 << 20
        // What suits CouchDB best beside so many calls at a time (measured).
        replication.batchSize = 500
    }
}

/// What a restore would do, or does.
package struct RestorePlan: Sendable {
    package enum Target: String, Sendable {
        case absent, empty, begun, existing
    }

    /// The number and time of the moment are in here.
    package var moment: MomentSummary
    package var target: Target
    package var targetURL: String
    /// Documents of the moment that are selected, tombstones among them.
    package var documents: Int
    /// Tombstones among them; nil where nobody has counted them, as in a restore of some documents.
    package var deleted: Int?
    /// What they are in numbers; only of a plan that is to be shown, since it takes a reading of the moment.
    package var extent: MomentExtent?
    /// What the moment itself has lost; nil where nothing, or where nobody has looked.
    package var loss: String?
    /// Documents of the target that say something else than they did at the moment; only of a plan that is to be shown, and
    /// where the target has documents.
    package var differing: Int?
    /// Documents that came later, as ``differing``: kept, or removed by an exact restore.
    package var later: Int?
    /// What of the database's settings is not as it was at the moment and is left so: `_security`, `_revs_limit`,
    /// `partitioned`; only where the target has documents.
    package var otherSettings: [String] = []
    /// What of them is put back, and `_local` where local documents are.
    package var restoredSettings: [String] = []
    /// Documents of which it can't be told whether the selector matches them, and which are set aside.
    package var undecided: [Refusal] = []
    /// Whether all documents are restored.
    package var isOfAll = true

    /// Whether the vault has lost something of what is selected: a row, or what a row stands for.
    package var isDamaged: Bool { loss != nil || extent.map { $0.unreadable > 0 } ?? false }

    /// How long it takes, in seconds; nil where nothing was added up.
    ///
    /// A first guess from what CouchDB 3.5.0 on two cores was measured to do: 6,000 new documents a second, a thousand that
    /// are changed in their place, and 40 MB of attachments.
    package var estimatedSeconds: Double? {
        guard let extent else { return nil }
        let documents = Double(extent.revisions)
        guard let differing else { return documents / 6000 + Double(extent.attachmentBytes) / 40e6 }
        let changedShare = Double(differing) / Double(max(1, extent.documents))
        return documents / 40_000 + Double(differing) / 1000 + Double(extent.attachmentBytes) * changedShare / 40e6
    }

    /// What people want to know of a moment.
    package struct MomentSummary: Sendable, Hashable {
        package var number: Int
        package var time: String
        /// What the moment lacks of the source, in words; nil where it is complete.
        package var lacking: String?

        package var isComplete: Bool { lacking == nil }
    }
}

/// How a restore has ended.
package struct RestoreReport: Sendable {
    package var plan: RestorePlan
    /// What was copied.
    package var counts: ReplicationCounts
    /// What the target did not take, by name and reason.
    package var refusals: [Refusal]
    /// New edits on top of what was there.
    package var edits: Int
    /// What the comparison with the moment found afterwards.
    package var comparison: ComparisonCounts
    /// The first documents that are not as they were.
    package var differences: [Difference]
    package var elapsed: Duration
    /// What the moment itself has lost since it was made; nil where nothing.
    package var loss: String?
    /// Documents that were deleted at the moment, and live: they were kept, as what came later.
    package var kept = 0
    /// The settings that are not as they were and were left so, and those that were put back, as in ``RestorePlan``.
    package var otherSettings: [String] = []
    package var restoredSettings: [String] = []
    /// Those that were to be put back and that the target did not take, by name and reason; ``otherSettings`` has them too.
    package var settingFailures: [Refusal] = []
    /// Those of which CouchDB lets nobody put another one there, which says nothing against the restore; ``otherSettings`` has
    /// them too.
    package var keptSettings: [String] = []
    /// The nodes of the target's cluster that were away when something was written; nil where none was.
    package var nodesAway: NodesAway?

    init(_ plan: RestorePlan) {
        self.plan = plan
        (counts, refusals, edits) = (ReplicationCounts(), [], 0)
        (comparison, differences, elapsed) = (ComparisonCounts(), [], .zero)
    }

    /// How a restore can end, the worst first.
    package enum Outcome: String, Sendable {
        /// The vault has not all any more that it was given: the rest was restored.
        case damaged
        /// The target did not take all, or what it took is on too few copies.
        case incomplete
        /// The target holds something else than it was to hold.
        case different
        case equal
    }

    package var outcome: Outcome {
        if loss != nil || refusals.contains(where: { $0.stage == .fetching }) { return .damaged }
        if !refusals.isEmpty || !settingFailures.isEmpty { return .incomplete }
        guard comparison.isEqual else { return .different }
        return nodesAway?.missesQuorum == true ? .incomplete : .equal
    }

    /// Whether the target holds what it was to hold.
    package var isEqual: Bool { outcome == .equal }

    /// Whether it holds all documents that it was to hold, whatever became of the settings.
    package var hasAllDocuments: Bool { loss == nil && refusals.isEmpty && comparison.isEqual }
}

extension RestorePlan {
    /// What becomes of documents that differ in a target that lives.
    package static func changes(_ differing: Int) -> String {
        differing == 1
            ? "1 document there is not what it was, and is changed"
            : "\(Wording.documents(differing)) there are not what they were, and are changed"
    }
}
