import Foundation

/// Folds messages that waited for a channel into one, so that a channel that comes back does not send dozens.
enum Digest {
    /// Writes the digest of messages in the order they waited; they must not be empty.
    static func message(of messages: [Message], at time: Date) -> Message? {
        guard let first = messages.first, let last = messages.last else { return nil }
        // The latest word on each condition is what a machine needs.
        var latest: [String: Transition] = [:]
        for transition in messages.flatMap(\.transitions) { latest[transition.condition.fingerprint] = transition }
        let open = latest.values.count(where: \.isFiring)
        let head = """
            \(messages.count) messages could not be sent in time: this channel did not work since \
            \(first.at.utcText) (\(time.elapsedText(since: first.at)) ago). They follow, the oldest first.
            """
        let parts = messages.prefix(MessageBody.entriesShown).map { message in
            "==== \(message.at.utcText)  \(message.subject)\n\n\(message.body)"
        }
        let more = messages.count - parts.count
        let tail = more > 0 ? ["==== and \(more) more. What is open now: couchkeep status\n"] : []
        return Message(
            // Waiting messages only grow at the end, so the first and the count name this set.
            id: "\(first.id)+\(messages.count - 1)", kind: .digest, at: time,
            subject:
                "\(SubjectLine.prefix) \(messages.count) delayed messages, \(open) problem\(open == 1 ? "" : "s") open",
            body: ([head] + parts + tail).joined(separator: "\n\n"),
            transitions: latest.values.sorted(by: Transition.inMessageOrder),
            omitted: messages.map(\.omitted).reduce(0, +), origin: last.origin)
    }
}
