import CouchDB
import Secrets

/// What `couchkeep init` knows when it writes a new configuration.
package struct ConfigurationDraft: Sendable {
    /// A server, as it was asked for and as it answered.
    package struct Server: Sendable {
        package var name: String
        package var url: ServerURL
        package var user: String?
        package var password: SecretSource?
        package var caFile: String?
        /// Such as `CouchDB 3.5.0`.
        package var version: String?

        package init(
            name: String, url: ServerURL, user: String? = nil, password: SecretSource? = nil, caFile: String? = nil,
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
    package static func names(source: ServerURL, target: ServerURL) -> (source: String, target: String) {
        guard let first = hostWord(of: source), let second = hostWord(of: target), first != second else {
            return ("source", "target")
        }
        return (first, second)
    }

    private static func hostWord(of url: ServerURL) -> String? {
        let word = String(url.host.prefix { $0 != "." })
        // An address of digits says nothing, and these words mean something else.
        let isWord = word.utf8.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } && !word.contains(":")
        return isWord && !["localhost", PairConfiguration.Target.vaultWord].contains(word) ? word : nil
    }
}
