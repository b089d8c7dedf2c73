import NIOHTTP1
import Secrets

/// Posts messages as JSON in Alertmanager's webhook form.
package struct WebhookChannel: Channel {
    private let settings: WebhookSettings
    private let url: SecretURL

    package var name: String { settings.name }

    /// - Throws: ``DeliveryError`` with code `invalid-settings`.
    package init(_ settings: WebhookSettings) throws(DeliveryError) {
        url = try SecretURL(settings.url, of: settings.name)
        try settings.validateHeaders()
        self.settings = settings
    }

    /// Delivered means a 2xx answer.
    ///
    /// The header `Idempotency-Key` is the same in every attempt.
    package func deliver(_ message: Message) async throws {
        let payload = try AlertmanagerPayload(message, receiver: name).json()
        let own = [
            (name: "content-type", value: Secret("application/json")),
            (name: "idempotency-key", value: Secret(message.id)),
        ]
        try await WebRequest(
            url: url, method: .POST, headers: own + settings.headers.map { (name: $0.key, value: $0.value) },
            body: payload, caFile: settings.caFile, timeout: settings.timeout
        ).send()
    }
}
