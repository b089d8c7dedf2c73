/// A way to reach people: email, a webhook, a command.
package protocol Channel: Sendable {
    /// What the configuration and the status call it.
    var name: String { get }

    /// Hands the message over, and returns when the receiver has taken it.
    ///
    /// - Throws: ``DeliveryError``, or `CancellationError` when the task was cancelled.
    func deliver(_ message: Message) async throws

    /// The same for those receivers alone that refused the message for now, while the others took it.
    func deliver(_ message: Message, toRest recipients: [String]) async throws
}

extension Channel {
    /// A channel with one receiver never leaves a rest.
    package func deliver(_ message: Message, toRest recipients: [String]) async throws { try await deliver(message) }
}
