import CouchDB
import Foundation
import HTTPTypes
import Replication

extension DatabaseEndpoint {
    /// `POST /{db}/_bulk_get`: one result for each item, in their order, since CouchDB's replicator pairs them by place.
    func bulkGet() throws -> ServedResponse {
        try request.allow(.post)
        guard let list = try request.json()["docs"]?.array else {
            throw EndpointFailure.badRequest("Missing JSON list of 'docs'.")
        }
        guard query["atts_since"] == nil else {
            throw EndpointFailure.badRequest("\"atts_since\" query parameter is not acceptable")
        }
        let answer = BulkGetAnswer(
            items: list.map(BulkGetItem.init),
            reader: BulkGetReader(database: database, isLatest: query.isTrue("latest")), form: try DocumentForm(query)
        )
        guard !request.accepts("application/json"), request.accepts("multipart/mixed") else {
            return .stream { output in try await answer.writeJSON(to: &output) }
        }
        let multipart = MultipartRevisions()
        return .stream(contentType: multipart.contentType) { output in
            try await answer.write(multipart, to: &output)
        }
    }

    /// `POST /{db}/_revs_diff`.
    func revisionsDifference() async throws -> ServedResponse {
        try request.allow(.post)
        try request.requireJSONType()
        let asked: [DocumentLeaves]
        do {
            // Keys are compared as bytes: as strings, two documents could become one.
            let members = try JSONMembers(of: request.body)
            asked = try members.members.map { member in
                let value = try JSONValue(parsing: members.value(of: member))
                guard let id = member.key, let list = value.array else {
                    throw EndpointFailure.badRequest("each document must have an array of revisions")
                }
                return DocumentLeaves(id: DocumentID(id), revisions: try DocumentForm.revisions(list))
            }
        } catch is CouchError {
            throw EndpointFailure.invalidJSON
        }
        var text = JSONText("{")
        let missing = try await replica.missing(asked)
        let leaves = try await replica.leaves(ofEach: missing.map(\.id))
        for (index, document) in missing.enumerated() {
            if index > 0 { text.append(",") }
            text.append(string: document.id.text)
            text.append(":{\"missing\":")
            text.append(strings: document.revisions.map(\.description))
            // As couch_db:possible_ancestors has it: leaves of an older generation than the newest of the missing.
            let newest = document.revisions.map(\.generation).max() ?? 0
            let ancestors = leaves[index].filter { $0.revision.generation < newest }
            if !ancestors.isEmpty {
                text.append(",\"possible_ancestors\":")
                text.append(strings: ancestors.map(\.revision.description))
            }
            text.append("}")
        }
        text.append("}")
        return .json(bytes: text.bytes)
    }
}
