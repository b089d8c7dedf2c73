import CCurl
import Secrets

/// Sends messages as mail, over SMTP through libcurl.
package struct EmailChannel: Channel {
    private let settings: EmailSettings
    private let redaction: Redaction

    package var name: String { settings.name }

    /// - Throws: ``DeliveryError`` with code `invalid-settings`.
    package init(_ settings: EmailSettings) throws(DeliveryError) {
        try settings.validate()
        self.settings = settings
        // The one text of a PLAIN login, which a server may echo.
        let login = Secret("\u{0}\(settings.user ?? "")\u{0}\(settings.password?.reveal() ?? "")")
        redaction = Redaction([settings.password, settings.password == nil ? nil : login].compactMap(\.self))
    }

    /// Delivers to all recipients in one transaction.
    ///
    /// Where the server refuses some recipients, the others get the mail, and the error says `delivered` and who is to
    /// get it later. Cancelling the task ends the transfer within about a second.
    package func deliver(_ message: Message) async throws { try await send(message, through: settings, isRest: false) }

    package func deliver(_ message: Message, toRest recipients: [String]) async throws {
        var rest = settings
        rest.to = settings.to.filter { recipients.contains($0.address) }
        // Who is not configured any more is not waited for.
        guard !rest.to.isEmpty else { return }
        try await send(message, through: rest, isRest: true)
    }

    private func send(_ message: Message, through transport: EmailSettings, isRest: Bool) async throws {
        // All stand in the mail, whoever gets this copy.
        let text = MailText(message, from: settings.from, to: settings.to).text
        let transfer = SMTPTransfer(settings: transport, mail: Array(text.utf8))
        let cancelled = CancellationFlag()
        let end = await withTaskCancellationHandler {
            await BlockingThread.run(named: "smtp") { transfer.run(until: cancelled) }
        } onCancel: {
            cancelled.raise()
        }
        if end.code == CURLE_ABORTED_BY_CALLBACK { throw CancellationError() }
        if let error = SMTPFailure.error(
            end.code, transcript: end.transcript, settings: transport, redaction: redaction, isRest: isRest)
        {
            throw error
        }
    }
}
