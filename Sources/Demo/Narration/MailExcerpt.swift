import CouchSim

/// A mail's subject and the beginning of its text, each on one line.
struct MailExcerpt {
    let subject: String
    /// The first lines that don't repeat the subject.
    let body: [String]

    private static let linesShown = 2

    init(_ mail: ReceivedMail) {
        subject = Self.fit(mail.subject)
        let lines = mail.text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        body = lines.filter { !mail.subject.contains($0) }.prefix(Self.linesShown).map { Self.fit("> \($0)") }
    }

    private static func fit(_ text: String) -> String {
        text.count <= Narrator.factWidth ? text : text.prefix(Narrator.factWidth - 1) + "…"
    }
}
