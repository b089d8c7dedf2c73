/// A way to reach people: email, a webhook, a command.
package protocol Channel: Sendable {
    /// What the configuration and the status call it.
    var name: String { get }

    /// Hands the message over, and returns when the receiver has taken it.
    ///
    /// - Throws: ``DeliveryError``, or `CancellationError` when the task was cancelled.
    func deliver(_ message: Message) async throws
}
