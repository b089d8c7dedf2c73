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

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }
}
