/// Who is told, and how.
package struct NotifyConfiguration: Sendable, Equatable {
    package static let defaultRemindAfter: Duration = .seconds(24 * 60 * 60)

    package var email: EmailConfiguration?
    package var webhook: WebhookConfiguration?
    package var command: CommandConfiguration?
    package var heartbeat: HeartbeatConfiguration?
    /// When to say again what is still wrong.
    package var remindAfter: Duration

    package init(
        email: EmailConfiguration? = nil, webhook: WebhookConfiguration? = nil, command: CommandConfiguration? = nil,
        heartbeat: HeartbeatConfiguration? = nil, remindAfter: Duration = defaultRemindAfter
    ) {
        self.email = email
        self.webhook = webhook
        self.command = command
        self.heartbeat = heartbeat
        self.remindAfter = remindAfter
    }
}
