import CouchDB
import Foundation
import Replication

/// The JSON form of a repair, schema `couchkeep/repair/1`.
struct RepairResult: Encodable {
    struct Document: Encodable {
        var id: String
        var revisions: [String]
        var reason: String?
        var explanation: String?

        init(missing difference: Difference) {
            (id, revisions) = (difference.id.text, difference.onlyInSource.map(\.description))
            (reason, explanation) = (difference.reason?.code.rawValue, difference.reason?.sentence)
        }

        init(extra difference: Difference) {
            self.init(missing: difference)
            revisions = difference.onlyInTarget.map(\.description)
        }
    }

    struct Refused: Encodable {
        var id: String
        var revision: String?
        /// `storing` where the target does not take it, `fetching` where the source does not hand it out.
        var stage: String
        var error: String
        var reason: String

        init(_ refusal: Refusal) {
            (id, revision, stage) = (refusal.id.text, refusal.revision?.description, refusal.stage.rawValue)
            (error, reason) = (refusal.error, refusal.reason)
        }
    }

    /// What became of revisions that only the target has.
    struct Removal: Encodable {
        var purged: Int
        var deleted: Int
        var kept: [Document]
        var remaining: [Document]

        init(_ report: ExtraRemoval.Report) {
            (purged, deleted) = (report.purged, report.deleted)
            kept = report.kept.map(Document.init(extra:))
            remaining = report.remaining.map(Document.init(extra:))
        }
    }

    var schema = RepairCommand.schema
    var isDryRun: Bool
    var equal: Int
    var missing: [Document]
    var extra: [Document]
    var copied: Int?
    /// What of a backup in the vault was damaged and set aside; nil where nothing.
    var damage: String?
    var refused: [Refused]?
    var remaining: [Document]?
    var removal: Removal?
    /// Why what was seen may not be all, or what was written is on too few copies; nil where neither is.
    var nodesAway: String?
    /// Why the verification before it came to no verdict, where no nodes were away; nil where it came to one.
    var doubt: String?
    /// Why a dry run says that nothing may be removed.
    var removalRefused: String?
}
