import Backup
import CouchDB
import Replication
import Service
import Vault

/// The JSON form of a restore, planned or done.
struct RestoreResult: Encodable {
    struct Document: Encodable {
        var id: String
        var reason: String
    }

    var schema = RestoreCommand.schema
    var backup: String
    var result: String
    var moment: Int
    var at: String
    var target: String
    var targetState: String
    var documents: Int
    var deleted: Int?
    var conflicts: Int?
    var differing: Int?
    var later: Int?
    var estimatedSeconds: Double?
    var seconds: Double?
    var revisions: Int?
    var bytes: Int?
    var attachmentBytes: Int?
    var unreadable: Int?
    var loss: String?
    var otherSettings: [String]?
    var restoredSettings: [String]?
    var kept: Int?
    var lacking: String?
    var edits: Int?
    var equal: Int?
    var different: Int?
    var refused: Int?
    /// Which nodes of the target's cluster are away, and what that may mean; nil where none is.
    var nodesAway: String?
    var problems: [Document] = []

    init(backup: String, plan: RestorePlan) {
        self.backup = backup
        result = "planned"
        (moment, at) = (plan.moment.number, plan.moment.time)
        (target, targetState) = (plan.targetURL, plan.target.rawValue)
        (documents, deleted, differing, later) = (plan.documents, plan.deleted, plan.differing, plan.later)
        (conflicts, revisions) = (plan.extent?.conflicts, plan.extent?.revisions)
        (bytes, attachmentBytes) = (plan.extent?.bytes, plan.extent?.attachmentBytes)
        (unreadable, loss) = (plan.extent?.unreadable, plan.loss)
        (otherSettings, restoredSettings) = (plan.otherSettings, plan.restoredSettings)
        lacking = plan.moment.lacking
        problems = plan.undecided.map { Document(id: $0.id.text, reason: RefusalText.reason($0)) }
        estimatedSeconds = plan.estimatedSeconds
    }

    init(backup: String, report: RestoreReport) {
        self.init(backup: backup, plan: report.plan)
        result = report.outcome.rawValue
        loss = report.loss
        (otherSettings, restoredSettings, kept) = (report.otherSettings, report.restoredSettings, report.kept)
        seconds = report.elapsed / .seconds(1)
        (revisions, bytes) = (report.counts.revisionsStored, report.counts.bytesStored)
        (edits, equal, different) = (report.edits, report.comparison.equal, report.comparison.different)
        refused = report.counts.refused
        nodesAway = report.nodesAway.map { $0.thinness ?? $0.summary }
        problems =
            (report.settingFailures + report.refusals).map { Document(id: $0.id.text, reason: RefusalText.reason($0)) }
            + report.otherDifferences.map { Document(id: $0.id.text, reason: $0.kind.rawValue) }
    }
}

extension RestoreReport {
    /// The first documents that differ, and not since they were refused.
    var otherDifferences: [Difference] {
        let refused = Set(refusals.map(\.id))
        return differences.filter { !refused.contains($0.id) }
    }
}
