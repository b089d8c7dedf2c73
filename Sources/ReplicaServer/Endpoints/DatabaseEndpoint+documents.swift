import CouchDB
import Foundation
import HTTPTypes
import Replication

extension DatabaseEndpoint {
    /// `/{db}/{id}` and `/{db}/{id}/{attachment}`.
    func document(_ id: DocumentID, attachment: ArraySlice<String>) async throws -> ServedResponse {
        switch request.method {
        case .get, .head: break
        case .put, .post, .delete: throw EndpointFailure.readOnly
        default: throw EndpointFailure.methodNotAllowed([.get, .head])
        }
        guard attachment.isEmpty else {
            // Names of attachments may have slashes.
            return try await self.attachment(attachment.joined(separator: "/"), of: id)
        }
        if query["open_revs"] != nil { return try await openRevisions(of: id) }
        let form = try DocumentForm(query)
        let asked = DocumentExtras(query)
        // As CouchDB does it: with a revision that is named come no extras.
        let extras = query["rev"] == nil ? asked : DocumentExtras()
        let leaves = try await replica.leaves(of: id)
        let wanted = try namedRevision(of: leaves)
        let revision = try await revision(id, wanted)
        // Extras change while the revision stays the same.
        let tag = extras.isEmpty ? "\"\(revision.revision)\"" : nil
        if let tag, request.hasMatching(tag: tag) {
            return ServedResponse(304, body: .bytes(.init())).with(.eTag, tag)
        }
        let members = extras.members(winner: leaves.first?.revision ?? wanted, path: revision.path, leaves: leaves)
        if form.attachments == .inline, request.names("multipart/related") {
            let document = try RenderedDocument(
                revision, form: form.withFollowingAttachments, extras: members)
            if !document.following.isEmpty {
                let related = try RelatedDocument(document)
                return ServedResponse(
                    contentType: related.contentType,
                    body: .stream(length: related.contentLength) { try await related.write(to: &$0) }
                ).with(tag: tag)
            }
        }
        let document = try RenderedDocument(revision, form: form, extras: members)
        return ServedResponse.stream { output in
            try await output.write(document)
            try await output.write("\n")
        }.with(tag: tag)
    }

    /// The revision that `rev` names, or the winner.
    private func namedRevision(of leaves: [Leaf]) throws(EndpointFailure) -> RevisionID {
        guard let text = query["rev"] else {
            guard let winner = leaves.first else { throw .missing }
            guard !winner.isDeleted else { throw .deleted }
            return winner.revision
        }
        guard let revision = RevisionID(text) else { throw .invalidRevision }
        return revision
    }

    /// One revision; with `latest=true` also one that comes after it.
    private func revision(_ id: DocumentID, _ wanted: RevisionID) async throws -> Revision {
        let given = try await database.fetch.revisions(id, wanted)
        let isLatest = query.isTrue("latest")
        guard let revision = given.first(where: { isLatest || $0.revision == wanted }) else {
            throw EndpointFailure.missing
        }
        return revision
    }

    private func attachment(_ name: String, of id: DocumentID) async throws -> ServedResponse {
        let wanted = try namedRevision(of: try await replica.leaves(of: id))
        let revision = try await revision(id, wanted)
        guard let attachment = revision.attachments.first(where: { $0.member.name.utf8.elementsEqual(name.utf8) })
        else { throw EndpointFailure.attachmentMissing }
        let member = attachment.member
        let isDecoded = member.encoding == nil || member.encoding == "gzip"
        var response = ServedResponse(
            contentType: member.contentType ?? "application/octet-stream",
            body: .stream(length: isDecoded ? member.decodedLength : member.partLength) { output in
                try await output.write(attachment, isDecoded: true)
            })
        response.headers[.acceptRanges] = "none"
        // A page that somebody stored as an attachment runs no script here.
        response.headers[.contentSecurityPolicy] = "sandbox"
        if !isDecoded, let encoding = member.encoding { response.headers[.contentEncoding] = encoding }
        guard let digest = member.digest, digest.hasPrefix("md5-") else { return response }
        let tag = "\"\(digest.dropFirst("md5-".count))\""
        if request.hasMatching(tag: tag) { return ServedResponse(304, body: .bytes(.init())).with(.eTag, tag) }
        return response.with(.eTag, tag)
    }
}
