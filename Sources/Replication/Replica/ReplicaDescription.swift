import CouchDB

/// What a replica says of itself.
package struct ReplicaDescription: Sendable, Hashable {
    /// Its name for people: a URL without credentials, or a vault's database.
    package var name: String
    /// The position of its newest change.
    package var updateSequence: UpdateSequence
    /// Documents that are not deleted.
    package var documentCount: Int
    /// Documents that are deleted.
    package var deletedCount: Int
    /// Which database this is, other than by its name; nil where that can't be known, which does not mean unchanged.
    package var identity: String?
    /// Something that changes with each purge, where the replica has them: purges are in no feed.
    package var purges: String?
    /// The copies of its shards in a cluster; nil where there is one of each.
    package var copies: CopyCounts?
    /// Whether it is partitioned; nil where it is no database of a server.
    package var isPartitioned: Bool?

    package init(
        name: String, updateSequence: UpdateSequence, documentCount: Int, deletedCount: Int, identity: String? = nil,
        purges: String? = nil, copies: CopyCounts? = nil, isPartitioned: Bool? = nil
    ) {
        self.name = name
        self.updateSequence = updateSequence
        self.documentCount = documentCount
        self.deletedCount = deletedCount
        self.identity = identity
        self.purges = purges
        self.copies = copies
        self.isPartitioned = isPartitioned
    }

    /// All documents, deleted ones too.
    package var allDocuments: Int { documentCount + deletedCount }

    /// Whether there is no document at all, not even a deleted one.
    package var isEmpty: Bool { allDocuments == 0 }
}
