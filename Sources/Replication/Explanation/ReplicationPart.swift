import CouchDB

/// What a replication document leaves out of a source, as far as it says so.
package struct ReplicationPart: Sendable, Hashable {
    /// `doc_ids`.
    package var documentIDs: Set<DocumentID>?
    /// `selector`, which the source can be asked about.
    package var selector: JSONValue?
    /// What else restricts it and can't be tried from here, such as `filter replication/orders`.
    package var others: [String] = []

    /// Reads a replication document; nil where it copies everything.
    package init?(_ document: ReplicationDocument) {
        for option in document.partialOptions {
            let value = document.members[option] ?? .null
            switch option {
            case "doc_ids":
                documentIDs = Set((value.array ?? []).compactMap { $0.string.map { DocumentID($0) } })
            case "selector": selector = value
            default: others.append(value.string.map { "\(option) \($0)" } ?? option)
            }
        }
        if documentIDs == nil, selector == nil, others.isEmpty { return nil }
    }

    /// Whether the list of ids leaves a document out; nil where there is none.
    func isUnlisted(_ id: DocumentID) -> Bool? { documentIDs.map { !$0.contains(id) } }

    /// Whether the source's document is left out by the selector; nil where that can't be said: it is deleted there, or the
    /// server has no `_find` (before 2.0).
    func isUnselected(_ id: DocumentID, in source: CouchDatabase) async throws -> Bool? {
        guard let selector else { return nil }
        let own: JSONValue = ["_id": .string(id.text)]
        guard try await source.hasMatch(own) else { return nil }
        return try await !source.hasMatch(["$and": [own, selector]])
    }
}

extension CouchDatabase {
    /// Whether a selector matches any document (`_find`, 2.0 and later).
    fileprivate func hasMatch(_ selector: JSONValue) async throws -> Bool {
        let answer = try await server.json(
            .post, [name, "_find"], body: ["selector": selector, "fields": ["_id"], "limit": 1], isIdempotent: true)
        return answer["docs"]?.array?.isEmpty == false
    }
}
