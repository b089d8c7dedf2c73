import Alerting
import Foundation
import Secrets

/// The channels of a configuration, ready to be used.
package struct NotificationChannels: Sendable {
    /// The channels that get every message.
    package var channels: [any Channel] = []
    /// The address that is pinged while all is well.
    package var heartbeat: Heartbeat?
    /// Channels that can't be used, and why.
    package var broken: [String: DeliveryError] = [:]

    /// Fetches the secrets and prepares the channels.
    ///
    /// A channel whose secret can't be had is broken and shown as that; the others work on.
    package init(_ notify: NotifyConfiguration, environment: [String: String]? = nil) async throws {
        if let email = notify.email {
            try await add("email") { try EmailChannel(try await EmailSettings(email, environment: environment)) }
        }
        if let webhook = notify.webhook {
            try await add("webhook") {
                var headers: [String: Secret] = [:]
                for (name, source) in webhook.headers {
                    headers[name] = try await source.resolve(environment: environment)
                }
                return try WebhookChannel(
                    WebhookSettings(
                        url: try await webhook.url.resolve(environment: environment), headers: headers,
                        caFile: webhook.caFile))
            }
        }
        if let command = notify.command {
            try await add("command") {
                try CommandChannel(CommandSettings(words: command.argv, timeout: command.timeout))
            }
        }
        if let configured = notify.heartbeat {
            do {
                heartbeat = try Heartbeat(
                    HeartbeatSettings(
                        url: try await configured.url.resolve(environment: environment), every: configured.every,
                        caFile: configured.caFile))
            } catch {
                broken["heartbeat"] = try Self.channelError(error)
            }
        }
    }

    private mutating func add(_ name: String, _ make: () async throws -> any Channel) async throws {
        do {
            channels.append(try await make())
        } catch {
            broken[name] = try Self.channelError(error)
        }
    }

    private static func channelError(_ error: any Error) throws -> DeliveryError {
        switch error {
        case let error as DeliveryError: return error
        case let error as SecretError: return DeliveryError(.invalidSettings, error.message, hint: error.nextStep)
        default: throw error
        }
    }
}

extension EmailSettings {
    init(_ email: EmailConfiguration, environment: [String: String]?) async throws {
        let security: Security =
            switch email.tls {
            case .starttls: .startTLS
            case .implicit: .implicitTLS
            case .none: .none
            }
        self.init(
            host: email.host, port: email.port, security: security, user: email.user,
            password: try await email.password?.resolve(environment: environment), caFile: email.caFile,
            from: try MailAddress(email.from), to: try email.to.map { try MailAddress($0) })
    }
}
