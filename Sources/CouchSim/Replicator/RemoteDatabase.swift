import AsyncHTTPClient
import CouchDB
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Secrets

/// One side of a replication, over HTTP.
struct RemoteDatabase: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]

        /// The body as JSON; nil where it isn't.
        var json: OrderedJSON? {
            // The caller decides what an answer that isn't JSON means.
            try? JSONParser.parse(body)
        }
    }

    /// How a replicator names itself, a real one too.
    static let agent = "CouchDB-Replicator"

    let endpoint: ReplicationEndpoint
    let client: HTTPClient
    let gate: ConcurrencyLimit
    let retries: Int
    /// Waits before the retry of that number.
    let pause: @Sendable (Int) async throws -> Void

    var url: String { endpoint.url }

    /// Logs in, as CouchDB's session plugin does before anything else; a server without sessions is fine too.
    func logIn() async throws {
        guard let user = endpoint.user, let root = URL(string: "/_session", relativeTo: URL(string: url)) else {
            return
        }
        let address = root.absoluteString
        var request = HTTPClientRequest(url: address)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        let body: OrderedJSON = ["name": .string(user), "password": .string(endpoint.password?.reveal() ?? "")]
        request.body = .bytes(body.serialized)
        do {
            let answer = try await execute(request)
            switch answer.status {
            case 200, 404: return
            case 401: throw CrashReason.session(address, user: user, .unauthorized)
            default: throw CrashReason.session(address, user: user, .status(answer.status))
            }
        } catch let failure as ConnectionFailure {
            throw CrashReason.session(address, user: user, .connection(failure.word))
        }
    }

    /// Sends a request; repeated when the connection fails or the server does (5xx, 408, 429).
    func send(
        _ method: HTTPMethod, _ path: String, body: OrderedJSON? = nil, timeout: TimeAmount = .seconds(60)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers.add(name: "Accept", value: "application/json")
        for (name, value) in endpoint.headers { request.headers.add(name: name, value: value.reveal()) }
        if let user = endpoint.user {
            request.setBasicAuth(username: user, password: endpoint.password?.reveal() ?? "")
        }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body.serialized)
        }
        var attempt = 0
        var hasLoggedInAgain = false
        while true {
            do {
                let answer = try await execute(request, timeout: timeout)
                if answer.status == 401, endpoint.user != nil, !hasLoggedInAgain {
                    // As a session that is no longer good: where the login fails, that is what the job ends with.
                    hasLoggedInAgain = true
                    try await logIn()
                    continue
                }
                guard [408, 429, 500, 502, 503, 504].contains(answer.status) else { return answer }
                guard attempt < retries else {
                    throw CrashReason.request(method.rawValue, url + path, "{code,\(answer.status)}")
                }
            } catch let failure as ConnectionFailure {
                guard attempt < retries else {
                    throw CrashReason.request(
                        method.rawValue, url + path,
                        failure.isTimeout ? "req_timedout" : "{error,{conn_failed,{error,\(failure.word)}}}")
                }
            }
            attempt += 1
            try await pause(attempt)
        }
    }

    private struct ConnectionFailure: Error {
        var word: String
        var isTimeout = false
    }

    private func execute(_ request: HTTPClientRequest, timeout: TimeAmount = .seconds(60)) async throws -> Answer {
        var request = request
        request.headers.add(name: "User-Agent", value: "\(Self.agent)/3.5.0")
        do {
            // A feed that waits for changes must not take the place of a request that is answered at once.
            if request.url.contains("feed=longpoll") { return try await answer(to: request, timeout: timeout) }
            return try await gate.run { try await answer(to: request, timeout: timeout) }
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            let isTimeout = [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error as? HTTPClientError)
            let connection = error as? NIOConnectionError
            let isUnknown =
                connection.map { $0.connectionErrors.isEmpty && ($0.dnsAError != nil || $0.dnsAAAAError != nil) }
                ?? false
            throw ConnectionFailure(
                word: isTimeout ? "timeout" : isUnknown ? "nxdomain" : "econnrefused", isTimeout: isTimeout)
        }
    }

    private func answer(to request: HTTPClientRequest, timeout: TimeAmount) async throws -> Answer {
        let response = try await client.execute(request, timeout: timeout)
        let body = try await response.body.collect(upTo: Listener.bodyLimit)
        return Answer(status: Int(response.status.code), body: Array(body.readableBytesView))
    }
}
