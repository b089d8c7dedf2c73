import CouchDB
import Foundation
import HTTPTypes
import Replication

extension DatabaseEndpoint {
    /// `GET` and `POST /{db}/_all_docs`.
    func allDocuments() async throws -> ServedResponse {
        try request.allow(.get, .head, .post)
        let listing = try DocumentListing(request)
        let described = try await replica.describe()
        let database = database
        return .stream { output in
            try await listing.write(of: database, as: described, to: &output)
        }
    }
}
