import Foundation
import Secrets

/// The `AuthSession` cookie of `POST /_session`.
struct SessionCookie: Sendable, Hashable {
    /// The cookie's value.
    ///
    /// As good as a password until it ends.
    var value: Secret
    /// How long it is used before it is renewed.
    var lifetime: Duration

    /// CouchDB's own replicator renews after this time where the cookie says nothing (`couch_replicator_auth_session`);
    /// the server's default `[chttpd_auth] timeout` is 600 s.
    static let defaultLifetime = Duration.seconds(550)

    /// Reads one `Set-Cookie` header; nil where it is another cookie.
    init?(header: String) {
        let parts = header.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        guard let pair = parts.first, pair.hasPrefix("AuthSession=") else { return nil }
        value = Secret(String(pair.dropFirst("AuthSession=".count)))
        guard !value.isEmpty else { return nil }
        lifetime = Self.defaultLifetime
        for attribute in parts.dropFirst() where attribute.lowercased().hasPrefix("max-age=") {
            guard let seconds = Int(attribute.dropFirst("max-age=".count)), seconds > 0 else { continue }
            // The same share of its life as 550 of 600 s.
            lifetime = .seconds(seconds) * 11 / 12
        }
    }
}
