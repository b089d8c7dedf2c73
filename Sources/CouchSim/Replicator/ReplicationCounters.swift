/// What a job has counted, and where it is.
struct ReplicationCounters: Sendable, Hashable {
    var revisionsChecked = 0
    var missingFound = 0
    var documentsRead = 0
    var documentsWritten = 0
    var writeFailures = 0
    var bulkGetDocuments = 0
    var bulkGetAttempts = 0

    /// Takes the counters over that the newest entry of a history holds, as CouchDB does from 3.0 on.
    init(historyEntry entry: OrderedJSON? = nil) {
        guard let entry else { return }
        revisionsChecked = entry["missing_checked"]?.integer ?? 0
        missingFound = entry["missing_found"]?.integer ?? 0
        documentsRead = entry["docs_read"]?.integer ?? 0
        documentsWritten = entry["docs_written"]?.integer ?? 0
        writeFailures = entry["doc_write_failures"]?.integer ?? 0
        bulkGetDocuments = entry["bulk_get_docs"]?.integer ?? 0
        bulkGetAttempts = entry["bulk_get_attempts"]?.integer ?? 0
    }

    /// As the scheduler and the tasks show them.
    func shown(_ flavour: Flavour) -> [OrderedJSON.Member] {
        var members: [OrderedJSON.Member] = [
            .init("revisions_checked", .integer(revisionsChecked)),
            .init("missing_revisions_found", .integer(missingFound)),
            .init("docs_read", .integer(documentsRead)), .init("docs_written", .integer(documentsWritten)),
        ]
        // 3.5.0 never knows the number: it answers null even where nothing is left (see the recordings).
        if !flavour.isSingleNode { members.append(.init("changes_pending", .null)) }
        members.append(.init("doc_write_failures", .integer(writeFailures)))
        if flavour.replicatesWithBulkGet {
            members.append(.init("bulk_get_docs", .integer(bulkGetDocuments)))
            members.append(.init("bulk_get_attempts", .integer(bulkGetAttempts)))
        }
        return members
    }

    /// As a checkpoint's history holds them.
    func recorded(_ flavour: Flavour) -> [OrderedJSON.Member] {
        var members: [OrderedJSON.Member] = [
            .init("missing_checked", .integer(revisionsChecked)), .init("missing_found", .integer(missingFound)),
            .init("docs_read", .integer(documentsRead)), .init("docs_written", .integer(documentsWritten)),
            .init("doc_write_failures", .integer(writeFailures)),
        ]
        if flavour.replicatesWithBulkGet {
            members.append(.init("bulk_get_docs", .integer(bulkGetDocuments)))
            members.append(.init("bulk_get_attempts", .integer(bulkGetAttempts)))
        }
        return members
    }
}

/// How far a running job is.
struct JobProgress: Sendable, Hashable {
    var counters = ReplicationCounters()
    /// The source position up to which all is done.
    var through: OrderedJSON = 0
    /// The source position that both sides have recorded.
    var checkpointed: OrderedJSON = 0
    /// Whether the last look at the source found nothing new.
    var isIdle = false
}
