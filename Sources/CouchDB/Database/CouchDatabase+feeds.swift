import NIOCore

/// A changes feed as it arrives; a complete one ends with ``ChangesEvent/end(lastSequence:pending:)``.
public typealias ChangesFeed = AnswerStream<ChangesScanner>

/// An answer of `_all_docs` as it arrives.
public typealias AllDocumentsAnswer = AnswerStream<AllDocsScanner>

extension CouchDatabase {
    /// The changes behind a position, read while they arrive.
    ///
    /// Rows may repeat, also when a feed is taken up again at a row's sequence; what reads them must not mind. See
    /// ``AnswerStream`` for how a feed ends that goes silent or is cut off.
    public func changes(_ options: ChangesOptions = ChangesOptions()) -> ChangesFeed {
        let query = options.query(readTimeout: server.configuration.readTimeout)
        let path = [name, "_changes"]
        let request =
            if let ids = options.documentIDs {
                CouchRequest(
                    .post, path, query: query, body: .json(["doc_ids": .array(ids.map { .string($0) })]),
                    isIdempotent: true)
            } else {
                CouchRequest(.get, path, query: query)
            }
        return ChangesFeed(server: server, request: request) { _ in
            ChangesScanner(feed: options.mode == .continuous ? .continuous : .normal)
        }
    }

    /// All documents that are not deleted, in the order of their ids, read while they arrive.
    public func allDocuments(includeDocuments: Bool = false) -> AllDocumentsAnswer {
        let request = CouchRequest(
            .get, [name, "_all_docs"], query: includeDocuments ? ["include_docs": "true"] : [:])
        return AllDocumentsAnswer(server: server, request: request) { _ in AllDocsScanner() }
    }
}
