import Foundation

/// A message that waits for one channel.
package struct OutboxEntry: Sendable, Hashable, Codable, Identifiable {
    package struct ID: Sendable, Hashable, Codable {
        package var message: Message.ID
        package var channel: String

        package init(message: Message.ID, channel: String) {
            self.message = message
            self.channel = channel
        }
    }

    package var message: Message
    package var channel: String
    package var enqueuedAt: Date
    /// How often it was tried in vain.
    package var attempts: Int
    /// Not before this time.
    package var nextAttempt: Date
    package var lastError: DeliveryError?
    /// Those who alone are still to get it; nil: everybody.
    package var rest: [String]?

    package var id: ID { ID(message: message.id, channel: channel) }

    package init(_ message: Message, for channel: String, at time: Date) {
        self.message = message
        self.channel = channel
        self.enqueuedAt = time
        self.attempts = 0
        self.nextAttempt = time
    }

    /// Whether it is no reason to hold up later messages: the channel works, and only this one, or somebody for it, is
    /// refused.
    package var waitsAlone: Bool { rest != nil || lastError?.code == .messageRejected }

    package mutating func fail(_ error: DeliveryError, nextAttempt: Date) {
        attempts += 1
        lastError = error
        self.nextAttempt = nextAttempt
    }
}
