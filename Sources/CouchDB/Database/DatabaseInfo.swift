/// What a database says of itself at `GET /{db}`, in the forms of 1.2 to 3.5.
public struct DatabaseInfo: Sendable, Hashable {
    /// The database's name.
    public var name: String
    /// Documents that are not deleted, design documents included.
    public var documentCount: Int
    /// Deleted documents.
    public var deletedCount: Int
    /// The position of the newest change.
    public var updateSequence: UpdateSequence
    /// When the database was created (3.3 and later), `"0"` (2.0 to 3.2), or when its file was opened (1.x).
    public var instanceStartTime: String?
    /// The position of the newest purge.
    public var purgeSequence: UpdateSequence?
    /// The number of shards.
    public var q: Int?
    /// The number of copies of each shard.
    public var n: Int?
    /// The number of copies that acknowledge a write.
    public var w: Int?
    /// Whether the database is partitioned.
    public var isPartitioned: Bool
    /// Bytes of the files, where told.
    public var fileSize: Int?
    /// Bytes of the documents that a compaction would keep, where told.
    public var activeSize: Int?

    /// Makes a description of a database.
    public init(
        name: String, documentCount: Int, deletedCount: Int, updateSequence: UpdateSequence,
        instanceStartTime: String? = nil, purgeSequence: UpdateSequence? = nil, q: Int? = nil, n: Int? = nil,
        w: Int? = nil, isPartitioned: Bool = false, fileSize: Int? = nil, activeSize: Int? = nil
    ) {
        self.name = name
        self.documentCount = documentCount
        self.deletedCount = deletedCount
        self.updateSequence = updateSequence
        self.instanceStartTime = instanceStartTime
        self.purgeSequence = purgeSequence
        self.q = q
        self.n = n
        self.w = w
        self.isPartitioned = isPartitioned
        self.fileSize = fileSize
        self.activeSize = activeSize
    }

    /// Reads the answer to `GET /{db}`, or one `info` of `_dbs_info`.
    ///
    /// - Throws: ``CouchError`` with code `not-couchdb` where `db_name`, `update_seq` or `doc_count` is missing.
    public init(answer: JSONValue) throws {
        guard let name = answer["db_name"]?.string, let sequence = answer["update_seq"],
            let count = answer["doc_count"]?.count
        else {
            throw CouchError(.notCouchDB, "the answer does not describe a database")
        }
        self.init(
            name: name, documentCount: count, deletedCount: answer["doc_del_count"]?.count ?? 0,
            updateSequence: UpdateSequence(sequence), instanceStartTime: answer["instance_start_time"]?.string,
            purgeSequence: answer["purge_seq"].map(UpdateSequence.init),
            q: answer["cluster"]?["q"]?.integer, n: answer["cluster"]?["n"]?.integer,
            w: answer["cluster"]?["w"]?.integer, isPartitioned: answer["props"]?["partitioned"]?.bool ?? false,
            fileSize: answer["sizes"]?["file"]?.count ?? answer["disk_size"]?.count,
            activeSize: answer["sizes"]?["active"]?.count ?? answer["data_size"]?.count)
    }

    /// The copies of its shards; nil where there is one of each, or the server does not tell.
    public var copyCounts: CopyCounts? { CopyCounts(n: n, w: w) }

    /// Which database this is: the time of its creation, which `instance_start_time` is from 3.3 on (apache/couchdb#3901).
    ///
    /// From 2.0 to 3.2 that is `"0"`. Answers without `cluster` are those of 1.x, where it is when the file was opened.
    ///
    /// nil says that the identity can't be known, not that it is unchanged.
    public var identity: String? {
        guard q != nil, let instanceStartTime, instanceStartTime != "0" else { return nil }
        return instanceStartTime
    }
}
