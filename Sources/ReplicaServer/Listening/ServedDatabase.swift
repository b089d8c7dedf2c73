import Replication

/// A replica under the name by which clients ask for it.
package struct ServedDatabase: Sendable {
    package var name: String
    package var replica: any ServableReplica
    /// What `GET /{db}` and `_ensure_full_commit` answer, by which clients see that a database is still the same one;
    /// seconds since 1970, or another text that changes when the database is made anew.
    package var instanceStartTime: String

    package init(name: String, replica: any ServableReplica, instanceStartTime: String) {
        self.name = name
        self.replica = replica
        self.instanceStartTime = instanceStartTime
    }
}
