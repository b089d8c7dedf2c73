import Foundation

/// One replication in `_active_tasks`, in its three historic shapes (to 1.1, 1.2 to 1.7, 2.0 and later).
public struct ActiveTask: Sendable, Hashable {
    /// The replication id; only its beginning up to 1.1.
    public var id: ReplicationID
    /// The replication document's id; nil for a transient job.
    public var documentID: String?
    /// The `_replicator` database as shown, a shard's name from 2.0 on.
    public var database: String?
    /// The source URL as shown.
    public var source: String
    /// The target URL, or a bare name, as shown.
    public var target: String
    /// Whether it goes on for ever; nil where the shape doesn't say.
    public var isContinuous: Bool?
    /// The counters.
    public var statistics: ReplicationStatistics
    /// When the process started.
    public var startedOn: Date?
    /// When it last wrote this row; refreshed by a timer, so it is no sign of progress.
    public var updatedOn: Date?
    /// The node.
    public var node: String?

    /// Reads the rows of the answer that are replications.
    public static func replications(answer: JSONValue) -> [ActiveTask] {
        (answer.array ?? []).compactMap(ActiveTask.init(row:))
    }

    /// Reads one row; nil for tasks of another type.
    init?(row: JSONValue) {
        switch row["type"]?.string {
        case "replication":
            guard let id = row["replication_id"]?.string else { return nil }
            self.id = ReplicationID(id)
            documentID = row["doc_id"]?.string
            database = row["database"]?.string
            source = row["source"]?.string ?? ""
            target = row["target"]?.string ?? ""
            isContinuous = row["continuous"]?.bool
            statistics = ReplicationStatistics(answer: row) ?? ReplicationStatistics()
            startedOn = row["started_on"]?.integer.map { Date(timeIntervalSince1970: TimeInterval($0)) }
            updatedOn = row["updated_on"]?.integer.map { Date(timeIntervalSince1970: TimeInterval($0)) }
            node = row["node"]?.string
        case "Replication":
            // 1.1.1 couch_rep.erl: task is "<id prefix>: <source> -> <target>".
            guard let task = row["task"]?.string, let colon = task.firstRange(of: ": "),
                let arrow = task[colon.upperBound...].firstRange(of: " -> ")
            else { return nil }
            id = ReplicationID(String(task[..<colon.lowerBound]))
            source = String(task[colon.upperBound..<arrow.lowerBound])
            target = String(task[arrow.upperBound...])
            statistics = ReplicationStatistics()
        default:
            return nil
        }
    }
}
