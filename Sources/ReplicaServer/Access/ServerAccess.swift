import Crypto
import Foundation
import HTTPTypes
import Secrets

/// Who may read from a server.
package enum ServerAccess: Sendable, Hashable {
    /// Everybody who can connect; on a loopback address only.
    case open
    /// Whoever sends this token, as `Authorization: Bearer …`.
    case token(Secret)
    /// Whoever sends this name and password, as `Authorization: Basic …`.
    case basic(user: String, password: Secret)

    /// Whether a request with these headers may be answered.
    func allows(_ headers: HTTPFields) -> Bool {
        let parts = (headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        let scheme = parts.first?.lowercased()
        let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        switch self {
        case .open:
            return true
        case .token(let token):
            return scheme == "bearer" && Self.isEqual(value, token.reveal())
        case .basic(let user, let password):
            guard scheme == "basic", let pair = Data(base64Encoded: value) else { return false }
            return Self.isEqual(String(decoding: pair, as: UTF8.self), "\(user):\(password.reveal())")
        }
    }

    /// What is answered to a request with these headers that may not be.
    func refusal(of headers: HTTPFields) -> EndpointFailure {
        let isAnonymous = headers[.authorization] == nil
        guard case .token = self else {
            var failure = EndpointFailure(
                401, "unauthorized",
                isAnonymous ? "You are not authorized to access this db." : "Name or password is incorrect.")
            // A browser asks its user for the login then, and the page that has asked waits for that; CouchDB sends none at all.
            if headers[.origin] == nil { failure.headers[.wwwAuthenticate] = "Basic realm=\"Couchkeep\"" }
            return failure
        }
        var failure = EndpointFailure(
            401, "unauthorized",
            isAnonymous
                ? "This server demands a token: Authorization: Bearer …" : "The token is not the one that it demands.")
        failure.headers[.wwwAuthenticate] = "Bearer realm=\"Couchkeep\""
        return failure
    }

    /// Compares in a time that tells nothing of the texts.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        SHA256.hash(data: Data(left.utf8)) == SHA256.hash(data: Data(right.utf8))
    }

    /// Whether there is something to know that others can't guess.
    var isProtected: Bool {
        switch self {
        case .open: false
        case .token(let token): !token.isEmpty
        case .basic(let user, let password): !user.isEmpty && !password.isEmpty
        }
    }
}
