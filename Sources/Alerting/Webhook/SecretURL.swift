import Foundation
import Secrets

/// A checked web address whose text must not be seen: its path, query or user part lets anybody in.
struct SecretURL: Sendable {
    /// The address without a user part.
    let address: Secret
    /// The user part as a header, where the address has one.
    let authorization: Secret?
    /// What an error may show of it: `hooks.example.org`.
    let host: String
    /// Everything in the address that must not appear anywhere.
    let secrets: [Secret]

    /// - Throws: ``DeliveryError`` with code `invalid-settings`, without the address in it.
    init(_ url: Secret, of channel: String) throws(DeliveryError) {
        let text = url.reveal().trimmingCharacters(in: .whitespacesAndNewlines)
        guard var parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            ["http", "https"].contains(parts.scheme?.lowercased())
        else { throw Self.invalid(channel) }
        self.host = host
        var secrets = [url, Secret(text)]
        if let user = parts.user {
            let login = "\(user):\(parts.password ?? "")"
            let encoded = Data(login.utf8).base64EncodedString()
            authorization = Secret("Basic \(encoded)")
            secrets += [Secret(login), Secret(encoded), Secret(parts.password ?? "")]
        } else {
            authorization = nil
        }
        // A page that says "no such hook /T0/B0/xyz" repeats the path and not the address.
        let path = [parts.percentEncodedPath, parts.path].filter { $0.count > 1 }
        let query = [parts.percentEncodedQuery, parts.query].compactMap(\.self)
        parts.user = nil
        parts.password = nil
        parts.fragment = nil
        guard let address = parts.string else { throw Self.invalid(channel) }
        self.address = Secret(address)
        self.secrets = secrets + ([address] + path + query).map(Secret.init)
    }

    private static func invalid(_ channel: String) -> DeliveryError {
        DeliveryError(
            .invalidSettings, "the URL of \(channel) is not a web address",
            hint: "it must begin with https:// or http:// and name a host")
    }
}
