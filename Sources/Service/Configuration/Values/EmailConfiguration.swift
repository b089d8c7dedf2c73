import Secrets

/// Mail by SMTP.
package struct EmailConfiguration: Sendable, Equatable {
    /// How the connection is encrypted.
    package enum TLS: String, Sendable, CaseIterable {
        /// Begun in the clear, then encrypted; mail is not sent when the server doesn't offer it.
        case starttls
        /// Encrypted from the first byte, as on port 465.
        case implicit
        case none
    }

    package var host: String
    package var port: Int
    package var tls: TLS
    package var user: String?
    package var password: SecretSource?
    package var from: String
    /// Never empty.
    package var to: [String]
    package var caFile: String?

    package init(
        host: String, port: Int, tls: TLS, user: String? = nil, password: SecretSource? = nil, from: String,
        to: [String], caFile: String? = nil
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.user = user
        self.password = password
        self.from = from
        self.to = to
        self.caFile = caFile
    }

    /// What is meant where the file doesn't say.
    package static func defaultTLS(port: Int) -> TLS { port == 465 ? .implicit : .starttls }
}
