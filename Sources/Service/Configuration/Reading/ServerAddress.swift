import CouchDB
import Secrets

/// A URL of an HTTP server, taken apart.
struct ServerAddress: Sendable, Equatable {
    /// Without user information, and without a final slash.
    let url: String
    let user: String?
    let password: Secret?

    init(_ text: String) throws(InvalidValue) {
        guard !text.unicodeScalars.contains(where: { $0.properties.isWhitespace || $0.value < 0x20 }) else {
            throw InvalidValue(message: "a URL has no spaces", nextStep: "write %20 for a space in a path")
        }
        guard let scheme = text.firstRange(of: "://") else {
            throw InvalidValue(
                message: "\(Quotation(text)) has no scheme",
                nextStep: "begin with https://, or with http:// where the way to the server is safe")
        }
        guard ["http", "https"].contains(text[..<scheme.lowerBound].lowercased()) else {
            throw InvalidValue(
                message: "\(Quotation(text)) begins neither with https:// nor with http://",
                nextStep: "write the address of CouchDB's HTTP interface")
        }
        guard !text.contains("?"), !text.contains("#") else {
            throw InvalidValue(
                message: "\(Quotation(text)) has a query or a fragment",
                nextStep: "leave out what begins with ? or #; in a password write %3F and %23")
        }
        let parts = ReplicationEndpoint.splitUserInformation(of: text)
        try Self.checkAuthority(of: parts.url, shown: text)
        var url = parts.url
        while url.hasSuffix("/") { url.removeLast() }
        self.url = url
        user = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        password = parts.password.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Such as `couch1.example.org`, `10.0.0.7:5984` or `[::1]:5984`.
    private static func checkAuthority(of url: String, shown: String) throws(InvalidValue) {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? ""
        let authority = rest.prefix { $0 != "/" }
        let host: Substring
        let port: Substring?
        if authority.hasPrefix("[") {
            let end = authority.firstIndex(of: "]") ?? authority.startIndex
            host = authority[authority.startIndex..<end].dropFirst()
            let tail = authority[end...].dropFirst()
            port = tail.isEmpty ? nil : tail.hasPrefix(":") ? tail.dropFirst() : ""
        } else {
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = parts.first ?? ""
            port = parts.count > 1 ? parts[1] : nil
        }
        guard !host.isEmpty else {
            throw InvalidValue(message: "\(Quotation(shown)) names no server", nextStep: "write https://HOST:PORT")
        }
        if let port, !(port.utf8.allSatisfy { 0x30...0x39 ~= $0 } && (1...65535).contains(Int(port) ?? 0)) {
            throw InvalidValue(
                message: "\(Quotation(shown)) has no valid port",
                nextStep:
                    "write a number from 1 to 65535 after the colon; in a password write %3A, %2F and %40 for : / @")
        }
    }

    /// What is wrong with a URL that must not be shown, or nil.
    static func problem(ofSecretURL text: String) -> InvalidValue? {
        let lowercased = text.lowercased()
        let isURL =
            ["https://", "http://"].contains { lowercased.hasPrefix($0) && lowercased.utf8.count > $0.utf8.count }
            && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0.value < 0x20 }
        guard !isURL else { return nil }
        return InvalidValue(
            message: "this is no URL (it isn't shown, since it may hold a secret)",
            nextStep: "write a URL that begins with https:// or http://")
    }
}

extension ServerAddress {
    /// The same server in another spelling is the same: letter case, the scheme's own port.
    var comparable: String {
        let lowercased = url.lowercased()
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where lowercased.hasPrefix(scheme) {
            let rest = lowercased.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" }
            guard authority.hasSuffix(port) else { continue }
            return scheme + authority.dropLast(port.count) + rest.dropFirst(authority.count)
        }
        return lowercased
    }
}

extension ValueKind where Value == ServerAddress {
    static var serverAddress: Self {
        ValueKind(
            expectation: "a URL such as https://couch1.example.org:6984",
            parse: { text throws(InvalidValue) in try ServerAddress(text) }, text: { YAMLScalar.text($0.url) })
    }
}
