/// Databases whose documents make a server do something.
enum DatabaseNames {
    /// Whether replication jobs run from a database (`couch_replicator_utils:is_rep_db/1`).
    static func isReplicator(_ name: String) -> Bool { name == "_replicator" || name.hasSuffix("/_replicator") }
}
