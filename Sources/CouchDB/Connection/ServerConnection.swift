import AsyncHTTPClient
import NIOCore
import Synchronization

/// A connection to one CouchDB server: its address, the credentials, the connection pool and the manners.
///
/// All functions may be called from any task at any time. Requests that may be repeated are repeated after a failure
/// that may pass, with growing pauses. Cancelling the calling task ends a request at once. Each connection must be shut
/// down before it is dropped.
public final class ServerConnection: Sendable {
    /// The server's address.
    public let url: ServerURL
    /// The limits and times.
    public let configuration: ConnectionConfiguration

    let authorization: Authorization
    let transport: HTTPTransport
    let limit: ConcurrencyLimit
    let pacing: Pacing
    let knownInfo = Mutex<ServerInfo?>(nil)
    /// That this account may not ask for the nodes of the cluster, and until when that is believed.
    let membershipRefusal = Mutex<(error: CouchError, until: ContinuousClock.Instant)?>(nil)

    /// Prepares a connection; nothing is sent yet.
    ///
    /// - Throws: ``CouchError`` with code `invalid-input` where the credentials can't be sent as they are, or the
    ///   certificate authority file can't be read.
    public convenience init(
        url: ServerURL, authentication: Authentication = .none, configuration: ConnectionConfiguration = .init()
    ) throws {
        try self.init(url: url, authentication: authentication, configuration: configuration, pacing: .system)
    }

    init(
        url: ServerURL, authentication: Authentication, configuration: ConnectionConfiguration, pacing: Pacing
    ) throws {
        try authentication.validate()
        let transport = try HTTPTransport(configuration)
        self.url = url
        self.configuration = configuration
        self.transport = transport
        self.pacing = pacing
        limit = ConcurrencyLimit(configuration.concurrentConnections)
        authorization = Authorization(
            authentication, url: url, configuration: configuration, transport: transport, pacing: pacing)
    }

    /// Closes all connections; requests that still run fail.
    public func shutdown() async throws { try await transport.shutdown() }

    /// Runs a body, and closes all connections behind it, whatever comes of it.
    ///
    /// - Throws: what the body throws.
    public func closing<Result>(_ body: () async throws -> Result) async throws -> Result {
        let result: Result
        do {
            result = try await body()
        } catch {
            try await shutdown()
            throw error
        }
        try await shutdown()
        return result
    }

    /// One database of the server, which need not exist.
    public func database(_ name: String) -> CouchDatabase { CouchDatabase(server: self, name: name) }

    /// Sends one control request and returns the JSON answer.
    ///
    /// This is what all the endpoints use, for those that have no function of their own.
    ///
    /// - Parameters:
    ///   - path: the path's segments, not escaped; a slash inside of a segment is sent as `%2F`.
    ///   - query: names and values, not escaped; values that CouchDB wants as JSON must be JSON.
    ///   - isIdempotent: whether the request may be repeated after a failure; GET and HEAD may where nothing is said.
    /// - Throws: ``CouchError``, or `CancellationError`.
    public func json(
        _ method: RequestMethod, _ path: [String], query: [String: String] = [:], body: JSONValue? = nil,
        isIdempotent: Bool? = nil
    ) async throws -> JSONValue {
        let request = CouchRequest(
            method, path, query: query, body: body.map { .json($0) } ?? .none, isIdempotent: isIdempotent)
        return try await answer(to: request).json(request: request.shown(on: url))
    }
}

extension ServerConnection: CustomStringConvertible, CustomReflectable {
    /// The server's address.
    public var description: String { url.description }

    /// A mirror of the address alone: `dump` must not walk through credentials and the network library's innards.
    public var customMirror: Mirror { Mirror(self, children: ["url": url.description]) }
}
