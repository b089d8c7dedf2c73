/// What was said to a mail server and what it answered, without logins.
struct SMTPTranscript: Sendable, Hashable {
    struct Exchange: Sendable, Hashable {
        /// The command without its text for logins: `RCPT TO:<ops@example.org>`, `AUTH`.
        var command: String
        var code: Int
        /// The last line of the reply, without its code.
        var text: String

        var isRefusal: Bool { code >= 400 }

        /// Whether the same may be taken later.
        var isForNow: Bool { isRefusal && code < 500 }

        /// The address between `<` and `>`, such as that of a recipient.
        var address: String? {
            guard let open = command.firstIndex(of: "<"), let close = command[open...].firstIndex(of: ">") else {
                return nil
            }
            return String(command[command.index(after: open)..<close])
        }
    }

    private(set) var exchanges: [Exchange] = []
    private var command = "connect"

    /// The commands that are kept whole.
    ///
    /// Any other line, such as the steps of a login, is kept as its first word or not at all.
    private static let shown: Set<String> = ["EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "DATA", "QUIT", "RSET"]

    mutating func sent(_ line: String) {
        let line = line.singleLine
        let verb = line.prefix { $0 != " " }.uppercased()
        if Self.shown.contains(verb) {
            command = String(line.prefix(300))
        } else if verb == "AUTH" {
            command = "AUTH"
        }
    }

    mutating func received(_ line: String) {
        // `250-` announces more lines; `250 ` is the last one.
        guard line.utf8.count >= 3, let code = Int(line.prefix(3)), line.dropFirst(3).first != "-" else { return }
        exchanges.append(Exchange(command: command, code: code, text: String(line.dropFirst(4)).excerpt(200)))
        // After the 354 the mail itself is sent, which is not traced.
        if code == 354 { command = "the mail" }
    }

    /// The recipients that the server refused.
    var refusedRecipients: [Exchange] { recipients.filter(\.isRefusal) }

    var isEveryRecipientRefused: Bool { !recipients.isEmpty && recipients.allSatisfy(\.isRefusal) }

    private var recipients: [Exchange] { exchanges.filter { $0.command.hasPrefix("RCPT") } }

    /// What the server refused last.
    var lastRefusal: Exchange? { exchanges.last(where: \.isRefusal) }
}
