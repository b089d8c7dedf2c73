import Secrets

/// The address of a CouchDB server: scheme, host, port, and a path where a proxy puts the server below one.
///
/// It never holds user information, so it can be shown anywhere. Two spellings of one address are equal: the scheme and
/// the host are kept in small letters, the port is always known, and final slashes are dropped.
public struct ServerURL: Sendable, Hashable {
    /// `http` or `https`.
    public let scheme: String
    /// The host's name, or its address; an IPv6 address without brackets.
    public let host: String
    /// The port, 80 or 443 where the URL named none.
    public let port: Int
    /// The path below which the server is found, percent-encoded, such as `/couch`; empty for most servers.
    public let pathPrefix: String

    init(scheme: String, host: String, port: Int, pathPrefix: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.pathPrefix = pathPrefix
    }

    /// Reads a URL without user information.
    ///
    /// - Throws: ``CouchError`` with code `invalid-input`, whose message says what is wrong.
    public init(_ text: String) throws {
        let parsed = try Self.parse(text)
        guard parsed.user == nil else {
            throw CouchError(
                .invalidInput,
                "the URL \(parsed.url) is given with a user name in it; give user and password apart from it")
        }
        self = parsed.url
    }

    /// Whether requests are encrypted.
    public var isEncrypted: Bool { scheme == "https" }

    /// Whether the host is this machine's loopback address, by its name or number.
    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// The URL of a database, without final slash, its name escaped.
    public func databaseURL(_ name: String) -> String { url(path: [name]) }

    /// The URL of a path given by its unescaped segments.
    func url(path: [String], query: [String: String] = [:]) -> String {
        let path = path.map { "/" + PercentEncoding.segment($0) }.joined()
        return description + (path.isEmpty ? "/" : path) + (query.isEmpty ? "" : "?" + PercentEncoding.form(query))
    }
}

extension ServerURL: CustomStringConvertible {
    /// The URL without final slash, and without the port where it is the scheme's own.
    public var description: String {
        let isDefaultPort = port == (isEncrypted ? 443 : 80)
        return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host)\(isDefaultPort ? "" : ":\(port)")\(pathPrefix)"
    }
}
