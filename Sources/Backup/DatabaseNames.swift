/// Databases whose documents make a server do something.
package enum DatabaseNames {
    /// Whether replication jobs run from a database (`couch_replicator_utils:is_rep_db/1`).
    package static func isReplicator(_ name: String) -> Bool { name == "_replicator" || name.hasSuffix("/_replicator") }

    /// Why a restore of all databases leaves one out; nil for most.
    package static func reasonToLeaveOut(_ name: String) -> String? {
        if isReplicator(name) {
            return "its replications would begin to run; restore it under another name"
        }
        if name == "_global_changes" {
            return "CouchDB writes down there by itself which databases have changed, and a server has its own"
        }
        return nil
    }

    /// Whether a database holds the accounts of a server.
    static func isUsers(_ name: String) -> Bool { name == "_users" || name.hasSuffix("/_users") }

    /// The design document that CouchDB puts into every database of accounts by itself.
    static let usersDesign = "_design/_auth"
}
