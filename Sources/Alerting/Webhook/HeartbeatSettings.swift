import Foundation
import Secrets

/// The address that is pinged while all is well.
package struct HeartbeatSettings: Sendable, Hashable {
    package var name: String
    /// A secret: who knows it can keep the alarm silent.
    package var url: Secret
    /// The least time between two pings.
    package var every: Duration
    package var caFile: String?
    package var timeout: Duration

    package init(
        name: String = "heartbeat", url: Secret, every: Duration = .seconds(300), caFile: String? = nil,
        timeout: Duration = .seconds(30)
    ) {
        self.name = name
        self.url = url
        self.every = every
        self.caFile = caFile
        self.timeout = timeout
    }

    /// Whether it is time for the next ping.
    ///
    /// A last one in the future comes from a clock that was put back.
    package func isDue(at now: Date, last: Date?) -> Bool {
        guard let last else { return true }
        let elapsed = now.timeIntervalSince(last)
        // A pass that is a moment faster than the last one must not cost a beat.
        return elapsed < 0 || elapsed >= 0.9 * every.inSeconds
    }
}
