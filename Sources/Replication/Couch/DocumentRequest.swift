/// Some revisions of one document that a server is asked for together.
struct DocumentRequest: Sendable, Hashable {
    var id: DocumentID
    var wanted: [WantedRevision]

    /// The revisions by document, the documents in their order.
    ///
    /// - Parameter limit: the most revisions of one request: they go into the URL, which servers limit to some 7,000
    ///   characters.
    static func list(_ wanted: [WantedRevision], atMost limit: Int) -> [DocumentRequest] {
        var places: [DocumentID: Int] = [:]
        var requests: [DocumentRequest] = []
        for item in wanted {
            if let place = places[item.id], requests[place].wanted.count < limit {
                requests[place].wanted.append(item)
            } else {
                places[item.id] = requests.count
                requests.append(DocumentRequest(id: item.id, wanted: [item]))
            }
        }
        return requests
    }
}

/// What was answered to one ``DocumentRequest``.
struct DocumentAnswers<Answer: Sendable>: Sendable {
    var answers: [Answer]
    /// The bytes of documents and attachments.
    var size: Int
}
