import CouchDB
import Foundation

/// One step that changes something on a server.
package enum RepairAction: Sendable, Hashable {
    /// Create the target database with the source's q, then copy its `_security`.
    case createTarget(q: Int?, isPartitioned: Bool)
    /// Copy `_security` to a target that Couchkeep has created, where that was cut short.
    case copySecurity
    /// Write the pair's replication document.
    case createReplication
    /// Write the document beside a job that has none, and end the job where both are one replication.
    case makeDurable(jobID: ReplicationID)
    /// Write a document afresh, as it should be and without its `_replication_*` fields.
    case rewriteReplication(documentID: String)
    /// Delete a document that another one makes superfluous.
    case removeReplication(documentID: String)
    /// Make the scheduler start a job again, by an option that does not enter the replication id.
    case restartReplication(documentID: String)
    /// Stop the job, delete the checkpoints on both sides, and start it again: it reads the source from the beginning
    /// and copies what is missing.
    case resetCheckpoints(documentID: String, base: String?)

    /// The stable name, for reports and memory.
    package var name: String {
        switch self {
        case .createTarget: "create-target"
        case .copySecurity: "copy-security"
        case .createReplication: "create-replication"
        case .makeDurable: "make-durable"
        case .rewriteReplication: "rewrite-replication"
        case .removeReplication: "remove-replication"
        case .restartReplication: "restart-replication"
        case .resetCheckpoints: "reset-checkpoints"
        }
    }

    /// The replication document that the step changes; nil where it makes one.
    package var documentID: String? {
        switch self {
        case .createTarget, .copySecurity, .createReplication, .makeDurable: nil
        case .rewriteReplication(let id), .removeReplication(let id), .restartReplication(let id),
            .resetCheckpoints(let id, _):
            id
        }
    }

    /// What the step does, for the plan.
    package func summary(for pair: Pair) -> String {
        switch self {
        case .createTarget(let q, let isPartitioned):
            "create the database \(pair.target.database) on \(pair.target.server)"
                + (q.map { " with q=\($0)" } ?? "") + (isPartitioned ? ", partitioned" : "")
                + " and copy _security to it"
        case .copySecurity:
            "copy _security to the database \(pair.target.database) on \(pair.target.server), which couchkeep has created"
        case .createReplication:
            "write the replication document \(OwnershipMark.documentID(for: pair)) on \(pair.coordinator)"
        case .makeDurable(let id):
            "write a replication document on \(pair.coordinator) beside the transient job \(id), and end that where both "
                + "are one replication"
        case .rewriteReplication(let id):
            "write the replication document \(id) on \(pair.coordinator) afresh"
        case .removeReplication(let id):
            "delete the superfluous replication document \(id) on \(pair.coordinator)"
        case .restartReplication(let id):
            "restart the job of \(id) on \(pair.coordinator), keeping its checkpoint"
        case .resetCheckpoints(let id, _):
            "stop the job of \(id), delete its checkpoints on both sides and start it again from the beginning"
        }
    }
}
