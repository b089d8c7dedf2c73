import Foundation

/// A whole mail as it goes over the wire, headers and body, without dot-stuffing.
struct MailText {
    let text: String

    init(_ message: Message, from: MailAddress, to recipients: [MailAddress]) {
        let headers = [
            "Date: \(message.at.mailText)",
            "From: \(from.headerText)",
            "To: \(recipients.map(\.headerText).joined(separator: ",\r\n "))",
            "Subject: \(EncodedWords.headerText(message.subject, after: "Subject"))",
            "Message-ID: <\(Self.idToken(message.id))@\(from.domain)>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            // No holiday notes in answer to an alert.
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
        ]
        text = headers.joined(separator: "\r\n") + "\r\n\r\n" + QuotedPrintable.encode(message.body)
    }

    private static func idToken(_ id: String) -> String {
        String(id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "+-._".contains($0)) })
    }
}
