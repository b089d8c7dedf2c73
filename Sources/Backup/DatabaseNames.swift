/// Databases whose documents make a server do something.
package enum DatabaseNames {
    /// Whether replication jobs run from a database (`couch_replicator_utils:is_rep_db/1`).
    package static func isReplicator(_ name: String) -> Bool { name == "_replicator" || name.hasSuffix("/_replicator") }

    /// Whether a database holds the accounts of a server.
    static func isUsers(_ name: String) -> Bool { name == "_users" || name.hasSuffix("/_users") }
}
