import CouchDB

extension ComparableReplica {
    package func documents(
        _ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void
    ) async throws {
        try await documentsOfRevisions(wanted, receive: receive)
    }

    /// Hands out the documents of whole revisions, for a replica that reads attachments only when they are asked for.
    func documentsOfRevisions(
        _ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void
    ) async throws {
        try await revisions(wanted) { answer in
            try await receive(
                DocumentAnswer(
                    id: answer.id, revision: answer.revision,
                    outcome: answer.exactly.map { .given($0.document) } ?? .unavailable(answer.refusal)))
        }
    }
}

extension RevisionAnswer {
    /// The revision that was asked for, and none that has come after it.
    package var exactly: Revision? {
        guard case .given(let revisions) = outcome else { return nil }
        return revisions.first { $0.revision == revision }
    }

    /// Why ``exactly`` is nil.
    package var refusal: Refusal {
        if case .unavailable(let refusal) = outcome { return refusal }
        return Refusal(
            id: id, revision: revision, stage: .fetching, error: "superseded",
            reason: "the revision is no leaf any more")
    }
}
