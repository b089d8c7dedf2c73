import CouchDB
import Foundation
import HTTPTypes
import Replication

extension DatabaseEndpoint {
    /// `GET` and `POST /{db}/_all_docs`.
    func allDocuments() async throws -> ServedResponse {
        try request.allow(.get, .head, .post)
        let listing = try DocumentListing(request)
        let total = try await replica.describe().documentCount
        let database = database
        return .stream { output in
            try await listing.write(of: database, total: total, to: &output)
        }
    }
}
