import NIOHTTP1

/// Pings a monitoring service, which raises the alarm when pings stop: when something is wrong, or Couchkeep is dead.
package struct Heartbeat: Sendable {
    package let settings: HeartbeatSettings
    private let url: SecretURL

    package var name: String { settings.name }

    /// - Throws: ``DeliveryError`` with code `invalid-settings`.
    package init(_ settings: HeartbeatSettings) throws(DeliveryError) {
        url = try SecretURL(settings.url, of: settings.name)
        self.settings = settings
    }

    /// Says that all is well.
    ///
    /// Call it only when that is known.
    ///
    /// - Throws: ``DeliveryError``, or `CancellationError`. A missed ping is not made up for later: it is the next that
    ///   counts.
    package func beat() async throws {
        try await WebRequest(
            url: url, method: .GET, headers: [], body: nil, caFile: settings.caFile, timeout: settings.timeout
        ).send()
    }
}
