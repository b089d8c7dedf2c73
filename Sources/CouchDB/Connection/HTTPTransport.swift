import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

/// The HTTP clients of one connection, and the translation of their errors.
struct HTTPTransport: Sendable {
    private let usual: HTTPClient
    /// Without a limit on silence, for answers that come after hours, such as that of a one-shot replication.
    private let patient: HTTPClient

    init(_ configuration: ConnectionConfiguration) throws {
        let tls = try Self.tls(authorityFile: configuration.certificateAuthorityFile)
        func client(readTimeout: Duration?) -> HTTPClient {
            var settings = HTTPClient.Configuration(
                tlsConfiguration: tls, redirectConfiguration: .disallow,
                timeout: .init(
                    connect: TimeAmount(configuration.connectTimeout), read: readTimeout.map { TimeAmount($0) }))
            // A feed holds its connection for days. What bounds the number of connections is ConcurrencyLimit.
            settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
            // Retries are RetryPolicy's work, and a refused connection shall be told at once.
            settings.connectionPool.retryConnectionEstablishment = false
            // CouchDB speaks HTTP/1.1, and a proxy's HTTP/2 would put all feeds onto one connection.
            settings.httpVersion = .http1Only
            return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: settings)
        }
        usual = client(readTimeout: configuration.readTimeout)
        patient = client(readTimeout: nil)
    }

    /// Sends a request and returns as soon as the answer's head is there.
    ///
    /// - Throws: ``TransportFailure``, or `CancellationError`.
    func open(
        _ request: HTTPClientRequest, shown: String, within time: Duration, isPatient: Bool
    ) async throws -> HTTPClientResponse {
        do {
            return try await (isPatient ? patient : usual).execute(request, timeout: TimeAmount(time))
        } catch {
            try Task.checkCancellation()
            throw TransportFailure(error, phase: .beforeAnswer, request: shown)
        }
    }

    func shutdown() async throws {
        // Each one is shut down whatever becomes of the other.
        async let first: Void = usual.shutdown()
        async let second: Void = patient.shutdown()
        _ = try await (first, second)
    }

    private static func tls(authorityFile: String?) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        guard let authorityFile else { return tls }
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(authorityFile)
            guard !certificates.isEmpty else {
                throw CouchError(.invalidInput, "the certificate authority file \(authorityFile) holds no certificate")
            }
            tls.trustRoots = .certificates(certificates)
            return tls
        } catch let error as CouchError {
            throw error
        } catch {
            throw CouchError(
                .invalidInput,
                "the certificate authority file \(authorityFile) can't be read, or holds no certificate in PEM form")
        }
    }
}
