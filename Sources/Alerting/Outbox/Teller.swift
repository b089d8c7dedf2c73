import Foundation

/// Takes the conditions of a pass, decides what is due, and puts the message into the outbox.
package struct Teller: Sendable {
    private let store: any AlertStore
    private let channels: [String]
    private let policy: AlertPolicy
    private let origin: MessageOrigin

    /// - Parameter channels: The names of the channels that get every message.
    package init(
        store: any AlertStore, channels: [String], policy: AlertPolicy = AlertPolicy(),
        origin: MessageOrigin = MessageOrigin()
    ) {
        self.store = store
        self.channels = channels
        self.policy = policy
        self.origin = origin
    }

    /// Returns the message that was put into the outbox; nil where nothing was due.
    ///
    /// When it returns, the message and the ledger that counts it as told are stored together. Sending is the work of
    /// ``OutboxDelivery``. Only one pass may be under way at a time.
    package func tell(_ pass: AlertPass) async throws -> Message? {
        var ledger = try await store.ledger()
        let due = ledger.advance(pass, policy: policy, isHeard: !channels.isEmpty)
        let message = Message(telling: due, at: pass.at, origin: origin)
        try await store.commit(ledger, message: message, for: channels, at: pass.at)
        return message
    }

    /// Sends a test through the outbox and the channels, past anything's back-off, and returns how they do.
    package func test(through delivery: OutboxDelivery, at time: Date) async throws -> [ChannelStatus] {
        let message = TestMessage.message(at: time, origin: origin)
        try await store.enqueue(message, for: delivery.channels.map(\.name), at: time)
        return try await delivery.run(now: time, ignoringBackoff: true)
    }
}
