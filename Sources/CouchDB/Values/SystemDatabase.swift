/// Databases whose documents a server treats in a way of its own, by their names.
package enum SystemDatabase {
    /// Whether replication jobs run from a database (`couch_replicator_utils:is_rep_db/1`).
    package static func isReplicator(_ name: String) -> Bool { name == "_replicator" || name.hasSuffix("/_replicator") }

    /// Whether a database holds the accounts of a server.
    package static func isUsers(_ name: String) -> Bool { name == "_users" || name.hasSuffix("/_users") }
}
