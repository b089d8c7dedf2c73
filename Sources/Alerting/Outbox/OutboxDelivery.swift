import Foundation
import Logging

/// Sends what waits, at least once: a message leaves the outbox only after its channel has taken it.
///
/// Channels are served side by side, and one that fails does not stop another. Within a channel the order is kept: a
/// message that can't be sent holds up the later ones until its next attempt, unless the receiver refused that very
/// message for what it holds, or some receivers refused it while others took it: it is then tried again for those alone.
/// Only one run may be under way at a time.
package struct OutboxDelivery: Sendable {
    let store: any OutboxStore
    let channels: [any Channel]
    let policy: OutboxPolicy
    let logger: Logger

    package init(
        store: any OutboxStore, channels: [any Channel], policy: OutboxPolicy = OutboxPolicy(),
        logger: Logger = Logger(label: "couchkeep.alerting")
    ) {
        self.store = store
        self.channels = channels
        self.policy = policy
        self.logger = logger
    }

    /// Sends what is due and returns how each channel does, in the order of the channels.
    ///
    /// - Parameter ignoringBackoff: Also tries what failed and would wait; for a person who is looking.
    /// - Throws: What the store throws, or `CancellationError`; failures of channels are in their status.
    package func run(now: Date, ignoringBackoff: Bool = false) async throws -> [ChannelStatus] {
        try await withThrowingTaskGroup(of: (Int, ChannelStatus).self) { group in
            for (index, channel) in channels.enumerated() {
                group.addTask {
                    var queue = ChannelQueue(channel: channel, delivery: self, now: now)
                    try await queue.deliver(ignoringBackoff: ignoringBackoff)
                    return (index, try await store.status(of: channel.name))
                }
            }
            var statuses: [(Int, ChannelStatus)] = []
            for try await status in group { statuses.append(status) }
            return statuses.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
