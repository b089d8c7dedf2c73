import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Secrets

/// One request to a web address that must not be seen, which succeeds with a 2xx answer.
///
/// Requests are rare, so each has its own client: nothing to keep open and to shut down. Redirects are not followed:
/// they would carry the message, and its headers, to somebody else.
struct WebRequest: Sendable {
    let url: SecretURL
    let method: HTTPMethod
    let headers: [(name: String, value: Secret)]
    let body: Data?
    let caFile: String?
    let timeout: Duration

    struct Answer: Sendable {
        let status: Int
        /// The beginning of the body, where the answer is not a 2xx.
        let excerpt: String
    }

    /// - Throws: ``DeliveryError``, or `CancellationError`.
    func send() async throws {
        let answer: Answer
        do {
            answer = try await Deadline.run(within: timeout) { try await exchange() }
        } catch {
            try Task.checkCancellation()
            throw WebFailure.error(error, host: url.host, caFile: caFile, timeout: timeout)
        }
        let redaction = Redaction(url.secrets + headers.map(\.value))
        if let error = WebFailure.error(answer, host: url.host, redaction: redaction) { throw error }
    }

    private func exchange() async throws -> Answer {
        let configuration = configuration(trusting: try await trustRoots())
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            var request = HTTPClientRequest(url: url.address.reveal())
            request.method = method
            request.headers.add(name: "user-agent", value: "couchkeep")
            if let authorization = url.authorization {
                request.headers.add(name: "authorization", value: authorization.reveal())
            }
            for header in headers { request.headers.replaceOrAdd(name: header.name, value: header.value.reveal()) }
            if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
            let response = try await client.execute(request, timeout: TimeAmount(timeout))
            let isGood = (200..<300).contains(response.status.code)
            return Answer(
                status: Int(response.status.code), excerpt: isGood ? "" : try await excerpt(of: response.body))
        }
    }

    private func excerpt(of body: HTTPClientResponse.Body) async throws -> String {
        let longest = 4096
        var bytes: [UInt8] = []
        for try await part in body {
            bytes.append(contentsOf: part.readableBytesView.prefix(longest - bytes.count))
            if bytes.count == longest { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Read here and not by the client, whose connections would fail without saying why.
    private func trustRoots() async throws -> NIOSSLTrustRoots {
        guard let caFile else { return .default }
        do {
            let certificates = try await NIOThreadPool.singleton.runIfActive {
                try NIOSSLCertificate.fromPEMFile(caFile)
            }
            if !certificates.isEmpty { return .certificates(certificates) }
        } catch {
            // Missing, not readable or not PEM: the next step is the same.
        }
        throw DeliveryError(
            .invalidSettings, "the CA file \(caFile) can't be read",
            hint: "it must be a PEM file that Couchkeep may read")
    }

    private func configuration(trusting trustRoots: NIOSSLTrustRoots) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.trustRoots = trustRoots
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(timeout), read: TimeAmount(timeout)))
        // The outbox tries again, and later; here the first failure is the answer.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }
}
