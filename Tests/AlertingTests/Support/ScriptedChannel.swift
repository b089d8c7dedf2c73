import Alerting
import Foundation
import Synchronization

/// A channel that answers as told and keeps what it was given.
final class ScriptedChannel: Alerting.Channel {
    let name: String
    private let answer: @Sendable (Message) throws -> Void
    private let tried = Mutex<[Message]>([])

    init(_ name: String, answering answer: @escaping @Sendable (Message) throws -> Void = { _ in }) {
        self.name = name
        self.answer = answer
    }

    /// Every message of every attempt.
    var attempts: [Message] { tried.withLock { $0 } }

    func deliver(_ message: Message) async throws {
        tried.withLock { $0.append(message) }
        try answer(message)
    }
}
