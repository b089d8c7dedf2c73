import CouchSim

/// A mail's subject and the beginning of its text.
struct MailExcerpt {
    let lines: [String]

    private static let linesShown = 3

    init(_ mail: ReceivedMail) {
        let words = mail.text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        // The first line often says what the subject says.
        let body = words.filter { !mail.subject.contains($0) }.prefix(Self.linesShown)
        lines = ["to \(mail.recipients.joined(separator: ", ")): \(mail.subject)"] + body.map { "> \($0)" }
    }
}
