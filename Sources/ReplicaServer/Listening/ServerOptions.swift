import Foundation

/// How a server is to listen.
package struct ServerOptions: Sendable {
    /// The name or address to bind to.
    package var host: String
    /// The port; 0 for any free one.
    package var port: Int
    /// Who may read.
    package var access: ServerAccess
    /// The web pages that a browser lets read what `access` allows.
    package var allowedOrigins: AllowedOrigins
    /// The `uuid` of the greeting, from which PouchDB makes its checkpoint ids.
    package var uuid: String
    /// The largest body of a request in bytes.
    package var bodyLimit: Int
    /// The most connections at a time; others wait.
    package var connectionLimit: Int
    /// How long a connection is kept on which nothing is asked.
    package var idleTimeout: Duration

    package init(
        host: String = "127.0.0.1", port: Int = 0, access: ServerAccess = .open,
        allowedOrigins: AllowedOrigins = .none, uuid: String, bodyLimit: Int = 32 << 20, connectionLimit: Int = 2048,
        idleTimeout: Duration = .seconds(60)
    ) {
        self.host = host
        self.port = port
        self.access = access
        self.allowedOrigins = allowedOrigins
        self.uuid = uuid
        self.bodyLimit = bodyLimit
        self.connectionLimit = connectionLimit
        self.idleTimeout = idleTimeout
    }

    /// Checks that nobody can read who should not.
    func check() throws(BindingError) {
        if case .basic(let user, _) = access, user.contains(":") {
            throw BindingError(
                code: .unusableCredentials,
                description: "the user name has a colon, which basic authentication can't send: choose another one")
        }
        if access != .open, !access.isProtected {
            throw BindingError(
                code: .unusableCredentials,
                description: "the token, user name or password for the server is empty: give one, or serve on loopback")
        }
        guard LoopbackAddress.contains(host) || access.isProtected else {
            throw BindingError(
                code: .unprotectedAddress,
                description: """
                    other machines can reach the address \(host), and everybody there could read the backup: demand a \
                    token or a user name and password, or serve on 127.0.0.1
                    """)
        }
        guard allowedOrigins != .any || access.isProtected else {
            throw BindingError(
                code: .unprotectedOrigins,
                description: """
                    every web page that somebody opens in a browser here could read the backup: name the origins of yours, or \
                    demand a token or a user name and password
                    """)
        }
    }
}
