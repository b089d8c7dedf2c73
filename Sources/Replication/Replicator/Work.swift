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

    /// What it weighs while it waits: its bytes in memory, and a little for those in temporary files and for each such file,
    /// of which a process can have a limited number.
    var weight: Int {
        revisions.reduce(0) { sum, revision in
            let files = revision.attachments.count(where: \.isInFile)
            return sum + revision.memorySize + (revision.totalSize - revision.document.count) / 64
                + files * Self.weightOfFile
        }
    }

    private static var weightOfFile: Int { 64 << 10 }
}
