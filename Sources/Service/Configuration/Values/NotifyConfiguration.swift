import Secrets

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

/// JSON posted to a URL.
package struct WebhookConfiguration: Sendable, Equatable {
    /// A secret: most such URLs hold a key.
    package var url: SecretSource
    /// By name; values are secrets, since tokens stand there.
    package var headers: [String: SecretSource]

    package init(url: SecretSource, headers: [String: SecretSource] = [:]) {
        self.url = url
        self.headers = headers
    }
}

/// A program that is given the message as JSON on its standard input.
package struct CommandConfiguration: Sendable, Equatable {
    package static let defaultTimeout: Duration = .seconds(30)

    /// The program, then its arguments.
    package var argv: [String]
    package var timeout: Duration

    package init(argv: [String], timeout: Duration = defaultTimeout) {
        self.argv = argv
        self.timeout = timeout
    }
}

/// A URL that is asked for as long as all is well.
package struct HeartbeatConfiguration: Sendable, Equatable {
    package static let defaultEvery: Duration = .seconds(5 * 60)

    package var url: SecretSource
    package var every: Duration

    package init(url: SecretSource, every: Duration = defaultEvery) {
        self.url = url
        self.every = every
    }
}
