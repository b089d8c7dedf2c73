import Secrets

/// JSON posted to a URL.
package struct WebhookConfiguration: Sendable, Equatable {
    /// A secret: most such URLs hold a key.
    package var url: SecretSource
    /// By name; values are secrets, since tokens stand there.
    package var headers: [String: SecretSource]

    package var caFile: String?

    package init(url: SecretSource, headers: [String: SecretSource] = [:], caFile: String? = nil) {
        self.url = url
        self.headers = headers
        self.caFile = caFile
    }
}
