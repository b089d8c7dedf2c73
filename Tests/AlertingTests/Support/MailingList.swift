import Alerting
import Synchronization

/// A channel with two receivers, `ops` and `full`, that refuses some of them for now.
final class MailingList: Alerting.Channel {
    let name = "list"
    private let refused: @Sendable () -> Set<String>
    private let kept = Mutex<[String]>([])

    init(refusing refused: @escaping @Sendable () -> Set<String>) {
        self.refused = refused
    }

    /// Each message with the receiver that took it, such as `1 ops`.
    var taken: [String] { kept.withLock { $0 } }

    func deliver(_ message: Message) async throws { try deliver(message, to: ["ops", "full"]) }

    func deliver(_ message: Message, toRest recipients: [String]) async throws { try deliver(message, to: recipients) }

    private func deliver(_ message: Message, to recipients: [String]) throws {
        let refused = refused()
        let rest = recipients.filter(refused.contains)
        kept.withLock { $0 += recipients.filter { !refused.contains($0) }.map { "\(message.id) \($0)" } }
        guard !rest.isEmpty else { return }
        throw DeliveryError(.recipientRefused, "the mailbox is full", delivered: true, rest: rest)
    }
}
