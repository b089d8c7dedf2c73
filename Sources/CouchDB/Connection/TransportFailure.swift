import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A try without a whole answer: the HTTP client's error in Couchkeep's words.
struct TransportFailure: Error, Sendable {
    /// How far the try had come.
    enum Phase: Sendable { case beforeAnswer, insideAnswer }

    var error: CouchError
    /// Whether the server may have seen the request.
    var wasSent: Bool

    /// The request could not be sent for a reason that has its name already.
    init(notSent error: CouchError) {
        self.error = error
        wasSent = false
    }

    /// Translates an error; cancellation is not one and must be handled before.
    init(_ error: any Error, phase: Phase, request: String) {
        wasSent = true
        func make(_ code: CouchError.Code, _ message: String) -> CouchError {
            CouchError(code, message, request: request)
        }
        switch error {
        case let failure as TransportFailure:
            self = failure
        case let error as CouchError:
            self.error = error
        case let error as NIOConnectionError:
            wasSent = false
            self.error = Self.connectionError(error, make)
        case let error as HTTPClientError:
            self.error = Self.clientError(error, phase: phase, make)
            wasSent = ![.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout].contains(error)
        case is HTTPParserError:
            self.error =
                phase == .insideAnswer
                ? make(.malformedAnswer, "the answer was cut off before its end, or is not valid HTTP")
                : make(
                    .notCouchDB,
                    "what answers doesn't speak HTTP; does the address need https, or another port?")
        case let error as ChannelError:
            if case .connectTimeout = error {
                wasSent = false
                self.error = make(.timeout, "no connection within the time for connecting")
            } else {
                self.error = Self.broken(phase, "the connection was closed", make)
            }
        case let error as IOError:
            if let reason = Self.neverConnected(error) {
                wasSent = false
                self.error = make(.unreachable, reason)
            } else {
                self.error = Self.broken(phase, "the connection broke: \(Self.words(error))", make)
            }
        case is NIOTooManyBytesError:
            self.error = make(.answerTooLarge, "the answer is larger than the limit")
        default:
            if Self.isTLS(error) {
                wasSent = false
                self.error = make(.tls, "the TLS handshake failed: \(Self.tlsReason(error))")
            } else {
                self.error = Self.broken(phase, "the connection failed: \(type(of: error))", make)
            }
        }
    }

    private static func connectionError(
        _ error: NIOConnectionError, _ make: (CouchError.Code, String) -> CouchError
    ) -> CouchError {
        guard let last = error.connectionErrors.last else {
            return make(.nameNotResolved, "the host name “\(error.host)” could not be resolved")
        }
        let allTimedOut = error.connectionErrors.allSatisfy { failure in
            if case ChannelError.connectTimeout? = failure.error as? ChannelError { true } else { false }
        }
        if allTimedOut {
            return make(.timeout, "no connection to \(error.host) port \(error.port) within the time for connecting")
        }
        let reason = (last.error as? IOError).map { neverConnected($0) ?? words($0) } ?? "\(last.error)"
        return make(.unreachable, "no connection to \(error.host) port \(error.port): \(reason)")
    }

    /// Why there was no connection at all; nil where there was one. An address without a name comes here straight.
    private static func neverConnected(_ error: IOError) -> String? {
        switch error.errnoCode {
        case ECONNREFUSED: "the connection was refused: nothing listens there"
        case EHOSTUNREACH, ENETUNREACH: "there is no route to the host"
        default: nil
        }
    }

    /// The system's words for an error, without NIO's own around them.
    private static func words(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)) }

    private static func clientError(
        _ error: HTTPClientError, phase: Phase, _ make: (CouchError.Code, String) -> CouchError
    ) -> CouchError {
        switch error {
        case .readTimeout:
            make(
                .timeout,
                phase == .beforeAnswer
                    ? "no answer within the time for reading" : "the answer went silent before its end")
        case .deadlineExceeded: make(.timeout, "no answer within the time for the request")
        case .connectTimeout, .getConnectionFromPoolTimeout:
            make(.timeout, "no connection within the time for connecting")
        case .tlsHandshakeTimeout: make(.timeout, "the TLS handshake did not end within the time for connecting")
        case .writeTimeout: make(.timeout, "the server did not take the request within the time for writing")
        case .remoteConnectionClosed, .uncleanShutdown, .requestStreamCancelled:
            broken(phase, "the server closed the connection", make)
        case .invalidURL, .emptyHost, .emptyScheme: make(.invalidInput, "the URL can't be used")
        case .alreadyShutdown: make(.invalidInput, "the connection to the server was shut down")
        // The description of some of these errors holds header values, which may be credentials.
        default: broken(phase, "the HTTP client failed: \(error.shortDescription)", make)
        }
    }

    private static func broken(
        _ phase: Phase, _ message: String, _ make: (CouchError.Code, String) -> CouchError
    ) -> CouchError {
        phase == .beforeAnswer
            ? make(.unreachable, "\(message) without an answer")
            : make(.malformedAnswer, "\(message) in the middle of the answer")
    }

    private static func isTLS(_ error: any Error) -> Bool {
        error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
    }

    private static func tlsReason(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return
                "the server's certificate is not trusted: it has expired, or its authority is unknown here, as where it signs "
                + "itself; then name the authority's certificate with --ca-file, or with ca_file in the configuration"
        }
        if let extra = error as? NIOSSLExtraError {
            return "the certificate is not for this host name (\(extra))"
        }
        if text.contains("WRONG_VERSION_NUMBER") { return "the server doesn't speak TLS on this port" }
        return text
    }
}
