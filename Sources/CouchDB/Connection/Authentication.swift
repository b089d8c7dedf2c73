import Secrets

/// How to log in to a server.
public struct Authentication: Sendable {
    enum Method: Sendable {
        case none
        case basic(user: String, password: Secret)
        case session(user: String, password: Secret)
        case bearer(Secret)
    }

    let method: Method

    /// Without credentials.
    public static let none = Authentication(method: .none)

    /// With user name and password in each request.
    public static func basic(user: String, password: Secret) -> Authentication {
        Authentication(method: .basic(user: user, password: password))
    }

    /// With a cookie from `POST /_session`, renewed before it ends and once when the server rejects it.
    ///
    /// The password crosses the network once in some minutes, and the server need not hash it for every request.
    public static func session(user: String, password: Secret) -> Authentication {
        Authentication(method: .session(user: user, password: password))
    }

    /// With a token, such as a JWT, in each request.
    public static func bearer(_ token: Secret) -> Authentication { Authentication(method: .bearer(token)) }

    /// The user name, where there is one.
    public var user: String? {
        switch method {
        case .none, .bearer: nil
        case .basic(let user, _), .session(let user, _): user
        }
    }

    /// Checks what could not be sent as given.
    func validate() throws {
        switch method {
        case .none: break
        case .basic(let user, _):
            guard !user.contains(":") else {
                throw CouchError(
                    .invalidInput, "the user name “\(user)” has a colon, which basic authentication can't send")
            }
        case .session(let user, _):
            guard !user.isEmpty else { throw CouchError(.invalidInput, "the user name is empty") }
        case .bearer(let token):
            guard !token.isEmpty, token.reveal().utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw CouchError(.invalidInput, "the bearer token is empty or holds a character that no token can have")
            }
        }
    }
}

extension Authentication: CustomStringConvertible {
    /// The kind and the user name, never a secret.
    public var description: String {
        switch method {
        case .none: "none"
        case .basic(let user, _): "basic as \(user)"
        case .session(let user, _): "session as \(user)"
        case .bearer: "bearer token"
        }
    }
}
