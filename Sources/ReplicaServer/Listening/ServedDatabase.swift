import Replication

/// A replica under the name by which clients ask for it.
package struct ServedDatabase: Sendable {
    package var name: String
    package var replica: any ServableReplica
    /// What `GET /{db}` and `_ensure_full_commit` answer, by which clients see that a database is still the same one;
    /// seconds since 1970, or another text that changes when the database is made anew. Asked for each time, since that
    /// can happen while it is served.
    package var instanceStartTime: @Sendable () async throws -> String
    /// How the database was laid out, which `GET /{db}` answers; asked for each time.
    package var layout: @Sendable () async throws -> DatabaseLayout
    private let damage: DamageNotes

    /// - Parameter onDamage: is told of each revision, once, that the replica has and can't hand out.
    package init(
        name: String, replica: any ServableReplica, instanceStartTime: @escaping @Sendable () async throws -> String,
        layout: @escaping @Sendable () async throws -> DatabaseLayout = { DatabaseLayout() },
        onDamage: @escaping @Sendable (Refusal) -> Void = { _ in }
    ) {
        self.name = name
        self.replica = replica
        self.instanceStartTime = instanceStartTime
        self.layout = layout
        damage = DamageNotes(tell: onDamage)
    }

    var fetch: OrderedFetch { OrderedFetch(replica: replica, damage: damage) }
}
