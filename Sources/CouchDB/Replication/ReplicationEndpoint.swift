import Foundation
import Secrets

/// One side of a replication document: a URL, and how to log in there.
public struct ReplicationEndpoint: Sendable, Hashable {
    /// The database's URL without user information, as CouchDB compares it: always with a final slash.
    public var url: String
    /// The user name, from `auth.basic` or from the URL.
    public var user: String?
    /// The password, from `auth.basic` or from the URL.
    public var password: Secret?
    /// Headers to send; they enter the replication id, except for CouchDB's own defaults.
    public var headers: [String: Secret]
    /// Whether the credentials stand inside of the URL, where logs and other tools may show them.
    public var hasCredentialsInURL: Bool

    /// Makes one side.
    public init(url: String, user: String? = nil, password: Secret? = nil, headers: [String: Secret] = [:]) {
        self.url = Self.withFinalSlash(url)
        self.user = user
        self.password = password
        self.headers = headers
        self.hasCredentialsInURL = false
    }

    /// Reads `source` or `target` of a replication document: a string, or an object with `url`.
    public init?(value: JSONValue) {
        guard let text = value.string ?? value["url"]?.string else { return nil }
        let split = Self.splitUserInformation(of: text)
        url = Self.withFinalSlash(split.url)
        let basic = value["auth"]?["basic"]
        user = basic?["username"]?.string ?? split.user
        password = basic?["password"]?.string.map(Secret.init) ?? split.password
        headers = (value["headers"]?.object ?? [:]).compactMapValues { $0.string.map(Secret.init) }
        hasCredentialsInURL = split.user != nil
    }

    /// Returns the value to write into a replication document.
    ///
    /// From 3.2 on the credentials go into `auth.basic`; earlier servers know them only as a part of the URL.
    public func value(withAuthObject: Bool) -> JSONValue {
        var members: [String: JSONValue] = [:]
        if !headers.isEmpty {
            members["headers"] = .object(headers.mapValues { .string($0.reveal()) })
        }
        var text = url
        if let user {
            let password = password?.reveal() ?? ""
            if withAuthObject {
                members["auth"] = ["basic": ["username": .string(user), "password": .string(password)]]
            } else if let scheme = url.firstRange(of: "://") {
                let information = "\(Self.escapeUserInformation(user)):\(Self.escapeUserInformation(password))@"
                text = url[..<scheme.upperBound] + information + url[scheme.upperBound...]
            }
        }
        members["url"] = .string(text)
        return members.count == 1 ? .string(text) : .object(members)
    }

    /// Takes `user:password@` out of a URL.
    public static func splitUserInformation(of text: String) -> (url: String, user: String?, password: Secret?) {
        guard let scheme = text.firstRange(of: "://") else { return (text, nil, nil) }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@") else { return (text, nil, nil) }
        let information = authority[..<at]
        let parts = information.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        func decoded(_ part: Substring) -> String { part.removingPercentEncoding ?? String(part) }
        return (
            String(text[..<scheme.upperBound] + rest[rest.index(after: at)...]),
            parts.first.map(decoded), parts.count > 1 ? Secret(decoded(parts[1])) : nil
        )
    }

    private static func withFinalSlash(_ url: String) -> String { url.hasSuffix("/") ? url : url + "/" }

    private static func escapeUserInformation(_ text: String) -> String {
        var allowed = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\u{0}"..."\u{7f}"))
        allowed.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }
}
