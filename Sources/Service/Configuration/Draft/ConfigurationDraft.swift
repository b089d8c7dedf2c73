import Secrets

/// What `couchkeep init` knows when it writes a new configuration.
package struct ConfigurationDraft: Sendable {
    /// A server, as it was asked for and as it answered.
    package struct Server: Sendable {
        package var name: String
        /// Without user information.
        package var url: String
        package var user: String?
        package var password: SecretSource?
        package var caFile: String?
        /// Such as `CouchDB 3.5.0`.
        package var version: String?

        package init(
            name: String, url: String, user: String? = nil, password: SecretSource? = nil, caFile: String? = nil,
            version: String? = nil
        ) {
            self.name = name
            self.url = url
            self.user = user
            self.password = password
            self.caFile = caFile
            self.version = version
        }
    }

    package var source: Server
    package var target: Server
    /// The databases that the source has now.
    package var databases: [String]

    package init(source: Server, target: Server, databases: [String]) {
        self.source = source
        self.target = target
        self.databases = databases
    }

    /// Names for two servers, after the first word of their hosts; `source` and `target` where that says nothing.
    package static func names(source: String, target: String) -> (source: String, target: String) {
        guard let first = hostWord(of: source), let second = hostWord(of: target), first != second else {
            return ("source", "target")
        }
        return (first, second)
    }

    private static func hostWord(of url: String) -> String? {
        guard let address = try? ServerAddress(url), let scheme = address.url.firstRange(of: "://") else {
            return nil  // an URL that can't be read is reported when the text is read back
        }
        let host = address.url[scheme.upperBound...].prefix { $0 != "/" && $0 != ":" }
        let word = host.prefix { $0 != "." }.lowercased()
        let isWord = word.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-")
        }
        guard isWord, word.utf8.contains(where: { $0 > UInt8(ascii: "9") }), !["localhost", "vault"].contains(word)
        else {
            return nil
        }
        return word
    }
}
