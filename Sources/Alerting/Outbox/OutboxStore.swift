import Foundation

/// Where messages wait until a channel has taken them.
///
/// Every call is one transaction: after it returns, a crash loses nothing of it.
package protocol OutboxStore: Sendable {
    /// Adds the message to the end of the queue of each channel. What is there already stays as it is.
    func enqueue(_ message: Message, for channels: [String], at time: Date) async throws

    /// The first messages of a channel's queue, due or not: the oldest first, and behind all of them those that most recipients have
    /// already, which must not keep others from being seen.
    func waiting(for channel: String, limit: Int) async throws -> [OutboxEntry]

    /// Takes delivered messages out of the queue.
    ///
    /// - Parameter rest: What was delivered, for those who did not get it; to be put at the end of the queue.
    func markSent(
        _ ids: [OutboxEntry.ID], at time: Date, warning: DeliveryError?, rest: OutboxEntry?) async throws

    /// Keeps a message in its place for a later attempt.
    func markFailed(_ id: OutboxEntry.ID, error: DeliveryError, at time: Date, nextAttempt: Date) async throws

    /// Takes a message out of the queue that will not be sent any more.
    func markGivenUp(_ entry: OutboxEntry, error: DeliveryError, at time: Date) async throws

    func status(of channel: String) async throws -> ChannelStatus
}

/// An outbox that keeps the ledger as well.
package protocol AlertStore: OutboxStore {
    func ledger() async throws -> Ledger

    /// Stores the ledger and enqueues the message that it counts as told, in one transaction.
    func commit(_ ledger: Ledger, message: Message?, for channels: [String], at time: Date) async throws
}
