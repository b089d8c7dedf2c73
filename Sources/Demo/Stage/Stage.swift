/// What the story needs of two servers, beyond what every CouchDB offers over HTTP.
protocol Stage: Sendable {
    /// What the servers are, for the opening.
    var cast: String { get }
    /// A remark on what is not as on anybody's servers; nil where there is nothing to remark.
    var remark: String? { get }
    /// The server whose databases are backed up.
    var source: StageServer { get }
    /// The server that holds the backup, and runs the replications.
    var target: StageServer { get }
    /// The text of a `validate_doc_update` function that refuses documents with a field.
    func validation(refusing field: String) -> String
    /// Returns when a replication has copied all that its source has now, and has recorded that on both sides.
    func settled(_ replication: Replication) async throws
    /// Returns when a replication's job has crashed.
    func crashed(_ replication: Replication) async throws
    /// Copies the target's files while the server runs, as a snapshot of its disk does.
    func snapshotOfTarget() async throws -> TargetSnapshot
}

/// A copy of the target's files.
struct TargetSnapshot: Sendable {
    /// Stops the target's server, puts the copy in the place of its files, and starts it again.
    let putBack: @Sendable () async throws -> Void
}
