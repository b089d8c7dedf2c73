import Secrets

/// A URL that is asked for as long as all is well.
package struct HeartbeatConfiguration: Sendable, Equatable {
    package static let defaultEvery: Duration = .seconds(5 * 60)

    package var url: SecretSource
    package var every: Duration
    package var caFile: String?

    package init(url: SecretSource, every: Duration = defaultEvery, caFile: String? = nil) {
        self.url = url
        self.every = every
        self.caFile = caFile
    }
}
