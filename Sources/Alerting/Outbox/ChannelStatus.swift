import Foundation

/// How a channel does, as the status shows it.
package struct ChannelStatus: Sendable, Hashable, Codable {
    package var channel: String
    package var lastSent: Date?
    /// Why the last delivery failed, or was not complete; nil after a good one.
    package var error: DeliveryError?
    /// The first failure since the last delivery.
    package var failingSince: Date?
    /// How many messages wait.
    package var waiting: Int
    /// How many messages were given up, ever.
    package var givenUp: Int

    package init(channel: String) {
        self.channel = channel
        self.waiting = 0
        self.givenUp = 0
    }

    /// Whether messages don't get through; one that some got and others did not was delivered.
    package var isFailing: Bool { error != nil && failingSince != nil }

    /// Notes a delivery; the warning says who did not get it.
    package mutating func sent(at time: Date, warning: DeliveryError? = nil) {
        lastSent = time
        error = warning
        failingSince = nil
    }

    /// Notes a failure; one of somebody alone, while the others have the message, is none of the channel.
    package mutating func failed(_ error: DeliveryError, at time: Date) {
        self.error = error
        failingSince = error.delivered ? nil : failingSince ?? time
    }

    /// Notes a message that will not be sent; a test is not missed by anybody later.
    package mutating func gaveUp(_ message: Message, _ error: DeliveryError, at time: Date) {
        failed(error, at: time)
        if message.kind != .test { givenUp += 1 }
    }

    /// The condition that tells of a broken channel through the others; nil while it works.
    package var condition: Condition? {
        guard let error, let failingSince else { return nil }
        return Condition(
            fingerprint: "channel/\(channel)/alerts-not-delivered", subject: channel, rule: "alerts-not-delivered",
            severity: .warning, summary: "alerts don't get through: \(error.message)", since: failingSince,
            impact: "problems with the backup may go unseen", next: "couchkeep alert test",
            details: ["waiting": String(waiting), "given up": String(givenUp), "hint": error.hint].filter {
                !$1.isEmpty
            })
    }
}
