import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Secrets

/// The headers that log a request in.
struct Authorization: Sendable {
    /// What one request is sent with.
    struct Credentials: Sendable {
        var headers: HTTPHeaders
        /// The cookie among the headers, so that a 401 can name it.
        var session: SessionCookie?
    }

    private enum Kind: Sendable {
        case none
        /// The value of the header `Authorization`.
        case header(Secret)
        case session(CookieSession)
    }

    private let kind: Kind

    init(
        _ authentication: Authentication, url: ServerURL, configuration: ConnectionConfiguration,
        transport: HTTPTransport, pacing: Pacing
    ) {
        switch authentication.method {
        case .none:
            kind = .none
        case .basic(let user, let password):
            kind = .header(Self.basic(user: user, password: password))
        case .bearer(let token):
            kind = .header(Secret("Bearer \(token.reveal())"))
        case .session(let user, let password):
            kind = .session(
                CookieSession(now: pacing.now) {
                    try await SessionLogin(
                        url: url, user: user, password: password, transport: transport,
                        timeout: configuration.requestTimeout
                    ).run()
                })
        }
    }

    /// The value of the header `Authorization` for basic authentication.
    static func basic(user: String, password: Secret) -> Secret {
        Secret("Basic " + Data("\(user):\(password.reveal())".utf8).base64EncodedString())
    }

    /// Returns the credentials for the next request; logs in where a session is needed and there is none.
    ///
    /// - Parameter rejected: a cookie that the server answered with 401.
    func credentials(insteadOf rejected: SessionCookie?) async throws -> Credentials {
        switch kind {
        case .none:
            return Credentials(headers: [:], session: nil)
        case .header(let value):
            return Credentials(headers: ["Authorization": value.reveal()], session: nil)
        case .session(let session):
            let cookie = try await session.cookie(insteadOf: rejected)
            return Credentials(headers: ["Cookie": "AuthSession=\(cookie.value.reveal())"], session: cookie)
        }
    }
}
