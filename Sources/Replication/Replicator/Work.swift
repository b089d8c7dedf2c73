import CouchDB

/// A revision that the target lacks, on its way.
struct Work: Sendable, Hashable {
    /// The page of the feed that listed it.
    var page: Int
    var id: DocumentID
    var revision: RevisionID
}

/// A revision that the source has handed out, or those that have come after it.
struct Fetched: Sendable {
    /// What it settles: most often one, more where several pages list the revision.
    var works: [Work]
    var revisions: [Revision]

    /// What it weighs while it waits: its bytes in memory, and a little for those in temporary files, so that those are
    /// bounded too.
    var weight: Int {
        revisions.reduce(0) { $0 + $1.memorySize + ($1.totalSize - $1.document.count) / 64 }
    }
}
