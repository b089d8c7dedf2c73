import Backup
import CouchDB
import Replication
import Vault

/// The JSON form of a backup run's end.
struct BackupResult: Encodable {
    struct Unread: Encodable {
        var setting: String
        var reason: String
    }

    struct NotCopied: Encodable {
        var id: String
        var revision: String?
        var error: String
        var reason: String
    }

    var schema = BackupCommand.schema
    var backup: String
    var result: String
    var moment: MomentResult
    var revisions: Int
    var bytes: Int
    var seconds: Double
    var newEpoch: String?
    /// What was damaged of the backup and is stored anew; nil where nothing.
    var damage: String?
    /// The settings of the source that could not be read.
    var unread: [Unread]
    /// Which nodes of the source's cluster are away, and what that may mean; nil where none is.
    var nodesAway: String?
    var refused: Int
    var refusals: [NotCopied]

    init(_ report: BackupReport) {
        backup = report.name
        result = report.damage != nil ? "damaged" : report.isIncomplete ? "incomplete" : "ok"
        moment = MomentResult(report.moment)
        revisions = report.replication.counts.revisionsStored
        bytes = report.replication.counts.bytesStored
        seconds = report.replication.elapsed / .seconds(1)
        if case .newEpoch(let reason) = report.source { newEpoch = reason }
        damage = report.damage?.description
        unread = report.unread.map { Unread(setting: $0.part.rawValue, reason: Console.shown("\($0.error)")) }
        nodesAway = report.nodesAway.map { $0.hiding ?? $0.summary }
        refused = report.replication.counts.refused
        refusals = report.replication.refusals.map {
            NotCopied(id: $0.id.text, revision: $0.revision?.description, error: $0.error, reason: $0.reason)
        }
    }
}
