import Supervision

/// The replication of one database on the stage.
struct Replication: Sendable {
    /// The database's name, the same on both servers.
    let database: String
    /// The id of the replication document that Couchkeep writes for it.
    let documentID: String

    init(of database: String) {
        self.database = database
        documentID = OwnershipMark.documentID(
            for: Pair(
                name: database, source: DatabaseAddress(server: StageServer.sourceName, database: database),
                target: DatabaseAddress(server: StageServer.targetName, database: database)))
    }
}
