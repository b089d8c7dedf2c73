import AsyncHTTPClient
import CouchDB
import Foundation
import NIOCore
import NIOHTTP1
import Secrets

/// Asks a real server whether it is up and has its system databases.
struct ReadinessProbe {
    /// A client that doesn't hide a refused connection behind retries of its own; kept for the whole process.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }()

    let baseURL: String
    let user: String
    let password: Secret

    /// Asks once; any failure means "not yet".
    func isReady() async -> Bool {
        var request = HTTPClientRequest(url: baseURL + "/_all_dbs")
        request.setBasicAuth(username: user, password: password.reveal())
        guard let response = try? await Self.client.execute(request, timeout: .seconds(5)),
            response.status == .ok, let body = try? await response.body.collect(upTo: 1 << 20),
            let names = try? JSONValue(parsing: Data(body.readableBytesView)).array
        else { return false }
        return names.contains("_users") && names.contains("_replicator")
    }
}
