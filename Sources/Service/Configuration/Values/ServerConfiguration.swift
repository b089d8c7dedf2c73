import CouchDB
import Secrets

/// A CouchDB server, and how to log in there.
package struct ServerConfiguration: Sendable, Equatable {
    /// How a user name and password are sent.
    package enum Authentication: String, Sendable, CaseIterable {
        /// With every request.
        case basic
        /// Once, for a cookie.
        case session
    }

    package static let defaultConnectTimeout: Duration = .seconds(10)
    package static let defaultReadTimeout: Duration = .seconds(60)

    package var name: String
    package var url: ServerURL
    package var user: String?
    package var password: SecretSource?
    /// A bearer token (JWT), instead of user and password.
    package var token: SecretSource?
    package var authentication: Authentication
    /// PEM file of the authorities to trust instead of the system's.
    package var caFile: String?
    /// The address under which the servers see each other; nil means ``url``.
    package var replicationURL: ServerURL?
    /// The account that stands in replication documents; nil means ``user``.
    package var replicationUser: String?
    package var replicationPassword: SecretSource?
    package var connectTimeout: Duration
    /// How long a server may send nothing.
    package var readTimeout: Duration

    package init(
        name: String, url: ServerURL, user: String? = nil, password: SecretSource? = nil, token: SecretSource? = nil,
        authentication: Authentication = .basic, caFile: String? = nil, replicationURL: ServerURL? = nil,
        replicationUser: String? = nil, replicationPassword: SecretSource? = nil,
        connectTimeout: Duration = defaultConnectTimeout, readTimeout: Duration = defaultReadTimeout
    ) {
        self.name = name
        self.url = url
        self.user = user
        self.password = password
        self.token = token
        self.authentication = authentication
        self.caFile = caFile
        self.replicationURL = replicationURL
        self.replicationUser = replicationUser
        self.replicationPassword = replicationPassword
        self.connectTimeout = connectTimeout
        self.readTimeout = readTimeout
    }
}
