import Foundation

/// What `alert test` sends, through the same outbox and channels as a real alert.
package enum TestMessage {
    package static func message(at time: Date, origin: MessageOrigin) -> Message {
        let condition = Condition(
            fingerprint: "couchkeep/alert-test", subject: "couchkeep", rule: "alert-test", severity: .notice,
            summary: "this is a test message", since: time, impact: "nothing is wrong; someone asked for a test",
            next: "nothing to do")
        // Resolved from the start, so that a receiver that keeps open alerts has nothing to keep.
        let transition = Transition(.resolved, condition, lastSeen: time, endedAt: time)
        let body = """
            This is a test. Someone ran "couchkeep alert test" to see whether alerts reach you: they do.
            Nothing is wrong and there is nothing to do.

            \(MessageBody.footer(at: time, origin: origin))

            """
        return Message(
            kind: .test, at: time,
            subject: "\(SubjectLine.prefix) TEST: alerts from \(origin.host.singleLine) reach you",
            body: body, transitions: [transition], origin: origin)
    }
}
