import CouchDB
import HTTPTypes
import Replication

extension DatabaseEndpoint {
    /// `GET /{db}/{id}?open_revs=…`: multipart for whoever takes it, as CouchDB's replicator demands, and else JSON.
    func openRevisions(of id: DocumentID) async throws -> ServedResponse {
        let form = try DocumentForm(query)
        let isLatest = query.isTrue("latest")
        let wanted = try await askedRevisions(of: id).map { OrderedFetch.Item(id: id, revision: $0) }
        let fetch = database.fetch
        guard request.accepts("multipart/mixed") else {
            return .stream { output in
                try await output.write("[")
                var isFirst = true
                try await fetch.opened(wanted, isLatest: isLatest) { entry in
                    try await output.write(isFirst ? "" : ",")
                    isFirst = false
                    switch entry {
                    case .found(let revision):
                        try await output.write("{\"ok\":")
                        try await output.write(try RenderedDocument(revision, form: form))
                    case .missing(let revision):
                        var text = JSONText("{\"missing\":")
                        text.append(string: revision.description)
                        try await output.write(text.bytes)
                    case .unavailable(let refusal, _): throw UnreadableRevision(refusal)
                    }
                    try await output.write("}")
                }
                try await output.write("]\n")
            }
        }
        let following = form.withFollowingAttachments
        let multipart = MultipartRevisions()
        return .stream(contentType: multipart.contentType) { output in
            try await multipart.begin(&output)
            try await fetch.opened(wanted, isLatest: isLatest) { entry in
                switch entry {
                case .found(let revision):
                    try await multipart.add(try RenderedDocument(revision, form: following), to: &output)
                case .missing(let revision):
                    try await multipart.add(missing: revision, to: &output)
                case .unavailable(let refusal, _):
                    // CouchDB's replicator takes any part that tells of an error for a revision that is not there.
                    throw UnreadableRevision(refusal)
                }
            }
            try await multipart.end(&output)
        }
    }

    private func askedRevisions(of id: DocumentID) async throws -> [RevisionID] {
        if query["open_revs"] == "all" {
            let leaves = try await replica.leaves(of: id)
            guard !leaves.isEmpty else { throw EndpointFailure.missing }
            return leaves.map(\.revision).sorted()
        }
        guard let list = try query.json("open_revs")?.array else {
            throw EndpointFailure.badRequest("`open_revs` must be \"all\" or an array of revisions")
        }
        return try DocumentForm.revisions(list)
    }
}

/// What there is of a revision that was asked for.
enum OpenedRevision {
    case found(Revision)
    case missing(RevisionID)
    /// The replica has it and can't hand it out.
    case unavailable(Refusal, RevisionID)
}

extension OrderedFetch {
    /// Fetches revisions as `open_revs` and `_bulk_get` do: of each, itself or, with `latest`, the leaves that come after
    /// it; no revision of one document twice.
    func opened(
        _ items: [Item], isLatest: Bool, receive: (OpenedRevision) async throws -> Void
    ) async throws {
        var seen: Set<Item> = []
        try await run(items) { index, outcome in
            var isMissing = true
            switch outcome {
            case .given(let revisions):
                for revision in revisions where isLatest || revision.revision == items[index].revision {
                    isMissing = false
                    guard seen.insert(Item(id: revision.id, revision: revision.revision)).inserted else { continue }
                    try await receive(.found(revision))
                }
            case .unavailable(let refusal) where refusal.isMissing: break
            case .unavailable(let refusal):
                isMissing = false
                try await receive(.unavailable(refusal, items[index].revision))
            }
            if isMissing { try await receive(.missing(items[index].revision)) }
        }
    }
}
