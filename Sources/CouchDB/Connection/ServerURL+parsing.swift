import Foundation
import Secrets

extension ServerURL {
    /// Reads a URL that may hold `user:password@`.
    ///
    /// - Throws: ``CouchError`` with code `invalid-input`, whose message says what is wrong and never shows a password.
    public static func parse(_ text: String) throws -> (url: ServerURL, user: String?, password: Secret?) {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let split = ReplicationEndpoint.splitUserInformation(of: text)
        let bare = split.url
        func invalid(_ problem: String) -> CouchError {
            CouchError(.invalidInput, "the URL “\(withoutSecrets(text))” \(problem)")
        }

        guard !bare.isEmpty else { throw CouchError(.invalidInput, "the URL is empty") }
        guard let separator = bare.firstRange(of: "://") else {
            throw invalid("has no scheme; it must begin with http:// or https://")
        }
        let scheme = bare[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw invalid("has the scheme \(scheme); CouchDB is reached by http or https")
        }
        let rest = bare[separator.upperBound...]
        guard !rest.contains("@") else {
            throw invalid("has an @ behind its host; write the characters / ? # @ of a password percent-encoded")
        }
        guard !rest.contains("?") else { throw invalid("has a query behind ?; leave it out") }
        guard !rest.contains("#") else { throw invalid("has a fragment behind #; leave it out") }
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw invalid("holds a space or a letter outside of ASCII; write it percent-encoded, or the host as xn--…")
        }
        let authority = rest.prefix { $0 != "/" }
        let (host, portText) = try splitHost(authority, invalid)
        var port = scheme == "https" ? 443 : 80
        if let portText {
            guard let number = Int(portText), (1...65535).contains(number) else {
                throw invalid("has no valid port behind the host: “\(portText)”")
            }
            port = number
        }
        let prefix = try normalized(path: rest[authority.endIndex...], invalid)
        if let user = split.user, user.isEmpty { throw invalid("is given with an empty user name before @") }
        return (
            ServerURL(scheme: scheme, host: host, port: port, pathPrefix: prefix), split.user, split.password
        )
    }

    /// Reads the URL of a database: the last path segment, percent-decoded, is the database's name.
    ///
    /// - Throws: ``CouchError`` with code `invalid-input`, whose message says what is wrong and never shows a password.
    public static func parseDatabase(
        _ text: String
    ) throws -> (url: ServerURL, database: String, user: String?, password: Secret?) {
        let (full, user, password) = try parse(text)
        guard let slash = full.pathPrefix.lastIndex(of: "/") else {
            throw CouchError(.invalidInput, "the URL “\(full)” names no database; write it behind the server's address")
        }
        let segment = full.pathPrefix[full.pathPrefix.index(after: slash)...]
        guard let name = segment.removingPercentEncoding, !name.isEmpty else {
            throw CouchError(.invalidInput, "the URL “\(full)” has a database name that is not well percent-encoded")
        }
        let url = ServerURL(
            scheme: full.scheme, host: full.host, port: full.port, pathPrefix: String(full.pathPrefix[..<slash]))
        return (url, name, user, password)
    }

    /// A URL as it may be shown: without user information, even where that is not well written, and without query.
    static func withoutSecrets(_ text: String) -> String {
        let bare = ReplicationEndpoint.splitUserInformation(of: text).url
        // A raw slash in a password makes it look like a path, up to the @.
        let shown = bare.lastIndex(of: "@").map { "…" + bare[$0...] } ?? bare
        return String(shown.prefix { $0 != "?" && $0 != "#" }.prefix(200))
    }

    private static func splitHost(
        _ authority: Substring, _ invalid: (String) -> CouchError
    ) throws -> (host: String, port: Substring?) {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw invalid("has no ] behind the IPv6 address") }
            let host = authority[authority.index(after: authority.startIndex)..<end].lowercased()
            guard host.contains(":"), host.utf8.allSatisfy({ "0123456789abcdef:.".utf8.contains($0) }) else {
                throw invalid("has no IPv6 address between [ and ]")
            }
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw invalid("has “\(behind)” behind the ]") }
            return (host, behind.isEmpty ? nil : behind.dropFirst())
        }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count > 1, parts[1].contains(":") {
            throw invalid("has an IPv6 address without brackets; write it as [address]:port")
        }
        let host = (parts.first ?? "").lowercased()
        guard !host.isEmpty else { throw invalid("has no host") }
        guard host.utf8.allSatisfy(isHostByte) else { throw invalid("has a host with a character that none can have") }
        return (host, parts.count > 1 ? parts[1] : nil)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func normalized(path: Substring, _ invalid: (String) -> CouchError) throws -> String {
        var path = path
        while path.hasSuffix("/") { path = path.dropLast() }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for segment in segments {
            guard !segment.isEmpty else { throw invalid("has two slashes in its path") }
            guard segment != ".", segment != ".." else { throw invalid("has a dot as a step of its path") }
            guard segment.removingPercentEncoding != nil else { throw invalid("is not well percent-encoded") }
        }
        if segments.last == "_utils" {
            throw invalid("is the address of Fauxton, the web page; leave /_utils out")
        }
        return String(path)
    }
}
