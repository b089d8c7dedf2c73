import CouchDB

/// All that a database holds, as a value: a copy of it is what a snapshot of the database's files would be.
struct DatabaseState: Sendable {
    var documents: [String: StoredDocument] = [:]
    var localDocuments: [String: LocalDocument] = [:]
    /// The number of the newest change.
    var sequence = 0
    var order = ChangeOrder()
    /// The security object; nil as long as nobody has set one.
    var security: OrderedJSON?
    var revsLimit = 1000
    var purgeSequence = 0
    /// How often something was written, by which the database's files grow.
    var writes = 0
    private(set) var documentCount = 0
    private(set) var deletedCount = 0
    /// The rules of the design documents, by their ids.
    private(set) var rules: [String: ValidationRule] = [:]
    private var sortedIDsCache: [String]?

    /// Applies a change to one document, and counts and orders it anew; `change` says whether it changed anything.
    mutating func modify<Failure: Error>(
        _ id: String, _ change: (inout StoredDocument) throws(Failure) -> Bool
    ) throws(Failure) {
        var document = documents[id] ?? StoredDocument()
        let old = document
        guard try change(&document) else { return }
        sequence += 1
        document.sequence = sequence
        document.tree.stem(to: revsLimit)
        order.move(id, from: old.sequence, to: sequence)
        count(old, by: -1)
        count(document, by: 1)
        if Self.isLive(old) != Self.isLive(document) { sortedIDsCache = nil }
        documents[id] = document
        if id.hasPrefix("_design/") { rules[id] = ValidationRule(winner: document.tree.winner) }
    }

    /// Forgets leaves, as `_purge` does, and returns those that were there.
    mutating func purge(_ id: String, _ revisions: [RevisionID]) -> [RevisionID] {
        // Counts on even if there is nothing to forget.
        purgeSequence += 1
        guard var document = documents[id] else { return [] }
        let old = document
        let purged = document.tree.purge(revisions)
        guard !purged.isEmpty else { return [] }
        sortedIDsCache = nil
        count(old, by: -1)
        if document.tree.isEmpty {
            order.remove(old.sequence)
            documents[id] = nil
            rules[id] = nil
        } else {
            sequence += 1
            document.sequence = sequence
            order.move(id, from: old.sequence, to: sequence)
            count(document, by: 1)
            documents[id] = document
        }
        return purged
    }

    /// The ids of the documents that are not deleted, in bytewise order.
    mutating func sortedIDs() -> [String] {
        if let sortedIDsCache { return sortedIDsCache }
        let ids = documents.filter { Self.isLive($0.value) }.keys
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        sortedIDsCache = ids
        return ids
    }

    private mutating func count(_ document: StoredDocument, by step: Int) {
        guard let winner = document.tree.winner else { return }
        if winner.isDeleted { deletedCount += step } else { documentCount += step }
    }

    private static func isLive(_ document: StoredDocument) -> Bool {
        document.tree.winner.map { !$0.isDeleted } ?? false
    }
}
