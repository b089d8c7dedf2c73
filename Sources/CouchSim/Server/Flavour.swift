import CouchDB

/// Which CouchDB a simulated server plays: the differences between 1.x, 2.x and 3.x that a client meets.
struct Flavour: Sendable, Hashable {
    let version: ServerVersion

    /// 1.x: no cluster, no scheduler, numbers for sequences, `_config` at the root.
    var isSingleNode: Bool { version < ServerVersion(2, 0) }
    /// `_scheduler` and states in it.
    var hasScheduler: Bool { version >= ServerVersion(2, 1) }
    /// `_dbs_info` takes a list of names.
    var hasDatabasesInfo: Bool { version >= ServerVersion(2, 2) }
    /// `_dbs_info` answers GET.
    var listsDatabasesInfo: Bool { version >= ServerVersion(3, 0) }
    /// Jobs and running documents show their counters, errors are objects, counters go on from the checkpoint's.
    var showsJobInfo: Bool { version >= ServerVersion(3, 0) }
    /// Databases are for administrators as long as nobody says otherwise.
    var closesDatabases: Bool { version >= ServerVersion(3, 0) }
    /// `instance_start_time` is when the database was made.
    var hasDatabaseIdentity: Bool { version >= ServerVersion(3, 3) }
    /// `_bulk_get` exists.
    var hasBulkGet: Bool { version >= ServerVersion(1, 7) }
    /// `_bulk_get` forgets who asks.
    var bulkGetsAsNobody: Bool { !isSingleNode && version < ServerVersion(2, 3) }
    /// The replicator fetches with `_bulk_get`, and counts that.
    var replicatesWithBulkGet: Bool { version >= ServerVersion(3, 3) }
    /// Tasks show `process_status`.
    var showsProcessStatus: Bool { version >= ServerVersion(3, 2) }

    /// The feature list of `GET /`.
    var features: [String] {
        if version < ServerVersion(2, 1) { return [] }
        if isOlderThan3 { return ["pluggable-storage-engines", "scheduler"] }
        return ["access-ready", "partitioned", "pluggable-storage-engines", "reshard", "scheduler"]
    }

    var isOlderThan3: Bool { version < ServerVersion(3, 0) }
}
