import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Turns the failure of a web request into an error with a next step, without its address.
enum WebFailure {
    static func error(_ answer: WebRequest.Answer, host: String, redaction: Redaction) -> DeliveryError? {
        let status = answer.status
        if (200..<300).contains(status) { return nil }
        let said = redaction.apply(to: answer.excerpt).excerpt(200)
        let message = "\(host) answered \(status)\(said.isEmpty ? "" : ": \(said)")"
        return switch status {
        case 300..<400:
            DeliveryError(
                .rejected, "\(host) answered \(status), which points to another address",
                hint: "redirects are not followed; configure the address it points to")
        case 401, 403: DeliveryError(.loginRefused, message, hint: "check the token in the URL or the headers")
        case 404, 410: DeliveryError(.rejected, message, hint: "check the URL; it may have been withdrawn")
        case 400, 413, 422: DeliveryError(.messageRejected, message)
        default: DeliveryError(.rejected, message)
        }
    }

    static func error(_ error: any Error, host: String, caFile: String?, timeout: Duration) -> DeliveryError {
        switch error {
        case is Deadline.Exceeded: timedOut(host, timeout)
        case let error as HTTPClientError: client(error, host, timeout)
        case let error as NIOConnectionError: connection(error, host)
        case NIOSSLError.handshakeFailed(let cause) where !"\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
            DeliveryError(.tls, "the TLS handshake with \(host) failed", hint: "check that the port speaks TLS")
        case NIOSSLError.handshakeFailed, is NIOSSLExtraError:
            DeliveryError(
                .certificateNotTrusted, "the certificate of \(host) is not trusted",
                hint: caFile.map { "check that \($0) holds the authority that signed it" }
                    ?? "set ca_file to the authority that signed it, or use the name in the certificate")
        case is IOError: unreachable(host)
        case let error as DeliveryError: error
        // The text of an unknown error may hold the address; its type can't.
        default: DeliveryError(.unexpected, "the request to \(host) failed with \(type(of: error))")
        }
    }

    private static func client(_ error: HTTPClientError, _ host: String, _ timeout: Duration) -> DeliveryError {
        switch error {
        case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout:
            timedOut(host, timeout)
        case .remoteConnectionClosed: unreachable(host)
        default: DeliveryError(.unexpected, "the request to \(host) failed: \(error.shortDescription)")
        }
    }

    private static func connection(_ error: NIOConnectionError, _ host: String) -> DeliveryError {
        guard error.connectionErrors.isEmpty, error.dnsAError != nil || error.dnsAAAAError != nil else {
            return unreachable(host)
        }
        return DeliveryError(
            .nameNotResolved, "the name \(host) could not be resolved", hint: "check the name and DNS")
    }

    private static func timedOut(_ host: String, _ timeout: Duration) -> DeliveryError {
        DeliveryError(.timeout, "\(host) did not answer within \(Int(timeout.inSeconds.rounded(.up))) s")
    }

    private static func unreachable(_ host: String) -> DeliveryError {
        DeliveryError(
            .unreachable, "nothing answers at \(host), or it cut the connection",
            hint: "check host and port, and any firewall between")
    }
}
