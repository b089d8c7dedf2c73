import Secrets

/// Where and how mail is sent.
package struct EmailSettings: Sendable, Hashable {
    package enum Security: String, Sendable, Hashable, Codable, CaseIterable {
        /// Plain at first, then TLS; a server that doesn't offer it is refused.
        case startTLS = "starttls"
        /// TLS from the first byte (SMTPS).
        case implicitTLS = "tls"
        /// No encryption; only for a server on the same machine or a trusted network.
        case none
    }

    package var name: String
    package var host: String
    /// 587 with STARTTLS, 465 with implicit TLS, 25 without TLS, unless given.
    package var port: Int?
    package var security: Security
    package var user: String?
    package var password: Secret?
    /// A PEM file with the only authorities to trust; nil: those of the system.
    package var caFile: String?
    package var from: MailAddress
    package var to: [MailAddress]
    package var connectTimeout: Duration
    /// For the whole delivery.
    package var timeout: Duration

    package init(
        name: String = "email", host: String, port: Int? = nil, security: Security = .startTLS, user: String? = nil,
        password: Secret? = nil, caFile: String? = nil, from: MailAddress, to: [MailAddress],
        connectTimeout: Duration = .seconds(20), timeout: Duration = .seconds(60)
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
        self.caFile = caFile
        self.from = from
        self.to = to
        self.connectTimeout = connectTimeout
        self.timeout = timeout
    }

    package var effectivePort: Int {
        if let port { return port }
        return switch security {
        case .startTLS: 587
        case .implicitTLS: 465
        case .none: 25
        }
    }

    /// `mail.example.org:587`, for errors.
    var server: String { "\(host):\(effectivePort)" }

    /// - Throws: ``DeliveryError`` with code `invalid-settings`.
    package func validate() throws(DeliveryError) {
        func refuse(_ message: String, _ hint: String) -> DeliveryError {
            DeliveryError(.invalidSettings, message, hint: hint)
        }
        guard !to.isEmpty else { throw refuse("no recipient is configured", "set notify.email.to") }
        // The host goes into a URL: only what can be a name or an address may pass.
        let colons = host.count { $0 == ":" }
        guard !host.isEmpty, colons != 1, host.utf8.allSatisfy({ $0 > 0x20 && !"/?#@[]%\\".utf8.contains($0) }) else {
            throw refuse(
                "\"\(host.excerpt(80))\" is not a host name", "give the mail server's name, without smtp:// and port")
        }
        guard (1...65535).contains(effectivePort) else { throw refuse("\(effectivePort) is not a port", "") }
        guard (user == nil) == (password == nil) else {
            throw refuse("a user needs a password, and a password a user", "give both or neither")
        }
        guard user?.isEmpty != true, password?.isEmpty != true else {
            throw refuse("the mail user or its password is empty", "look at the file or variable it is read from")
        }
        let isLocal = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        guard security != .none || password == nil || isLocal else {
            throw refuse(
                "the password would go to \(server) in clear text",
                "use tls: starttls or tls: implicit, or leave out user and password")
        }
    }
}
