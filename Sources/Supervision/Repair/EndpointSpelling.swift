import CouchDB
import Foundation

/// Brings URLs of databases into one form, so that two spellings of one address compare equal.
package enum EndpointSpelling {
    /// Returns a URL with scheme and host in lower case, without user information, default port and final slash, and
    /// with the path percent-decoded once. A bare database name stays as it is.
    package static func normalized(_ text: String) -> String {
        let bare = ReplicationEndpoint.splitUserInformation(of: text).url
        guard let scheme = bare.firstRange(of: "://") else {
            return trimmed(bare.removingPercentEncoding ?? bare)
        }
        let protocolName = bare[..<scheme.lowerBound].lowercased()
        let rest = bare[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        var host = authority.lowercased()
        for (name, port) in [("https", ":443"), ("http", ":80")] where protocolName == name && host.hasSuffix(port) {
            host.removeLast(port.count)
        }
        let path = rest[authority.endIndex...]
        return trimmed("\(protocolName)://\(host)\(path.removingPercentEncoding ?? String(path))")
    }

    /// Returns what a replication id is made of a URL: like ``normalized(_:)``, but without the scheme, and with port 5984 of
    /// `http` taken for a default one too.
    ///
    /// Two jobs that differ in nothing else are one to CouchDB (`couch_replicator_ids.erl`).
    package static func place(_ text: String) -> String {
        let url = normalized(text)
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" }
        guard url.hasPrefix("http://"), host.hasSuffix(":5984") else { return String(rest) }
        return "\(host.dropLast(":5984".count))\(rest[host.endIndex...])"
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }
}
