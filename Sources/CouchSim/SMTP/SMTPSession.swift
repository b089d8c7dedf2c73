import Foundation

/// One client's conversation with the sink, without any I/O: lines in, replies out.
///
/// It speaks enough of RFC 5321 for a mail client: no TLS, and a login that always succeeds.
struct SMTPSession {
    struct Reaction {
        var reply: String?
        var mail: ReceivedMail?
        var closes = false
    }

    private enum Mode {
        case commands
        /// The rest of a login, with the name where it has been given.
        case login(name: String?)
        case plainLogin
        case data
    }

    static let longestMail = 10 << 20

    /// Recipients that are refused.
    let refused: Set<String>
    private var mode = Mode.commands
    private var user: String?
    private var sender: String?
    private var recipients: [String] = []
    private var lines: [String] = []
    private var size = 0

    init(refusing refused: Set<String> = []) {
        self.refused = refused
    }

    static let greeting = "220 localhost mail sink"

    mutating func receive(_ line: String) -> Reaction {
        switch mode {
        case .commands: command(line)
        case .login(let name): login(line, name: name)
        case .plainLogin: plainLogin(line)
        case .data: data(line)
        }
    }

    private mutating func command(_ line: String) -> Reaction {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count > 1 ? words[1] : ""
        switch words.first?.uppercased() {
        case "EHLO": return Reaction(reply: "250-localhost\r\n250-SIZE \(Self.longestMail)\r\n250 AUTH PLAIN LOGIN")
        case "HELO": return Reaction(reply: "250 localhost")
        case "AUTH": return authenticate(rest)
        case "MAIL":
            guard let address = Self.address(in: rest, after: "FROM:") else { return Reaction(reply: "501 Syntax") }
            reset()
            sender = address
            return Reaction(reply: "250 OK")
        case "RCPT":
            guard sender != nil else { return Reaction(reply: "503 MAIL first") }
            guard let address = Self.address(in: rest, after: "TO:") else { return Reaction(reply: "501 Syntax") }
            guard !refused.contains(address) else { return Reaction(reply: "550 5.1.1 No such user") }
            recipients.append(address)
            return Reaction(reply: "250 OK")
        case "DATA":
            guard !recipients.isEmpty else { return Reaction(reply: "503 RCPT first") }
            mode = .data
            return Reaction(reply: "354 End with a dot")
        case "RSET":
            reset()
            return Reaction(reply: "250 OK")
        case "NOOP": return Reaction(reply: "250 OK")
        case "QUIT": return Reaction(reply: "221 Bye", closes: true)
        default: return Reaction(reply: "502 Unknown command")
        }
    }

    private mutating func authenticate(_ words: String) -> Reaction {
        let parts = words.split(separator: " ").map(String.init)
        switch (parts.first?.uppercased(), parts.dropFirst().first) {
        case ("PLAIN", let initial?): return plainLogin(initial)
        case ("PLAIN", nil):
            mode = .plainLogin
            return Reaction(reply: "334 ")
        case ("LOGIN", let name?): return login(name, name: nil)
        case ("LOGIN", nil):
            mode = .login(name: nil)
            return Reaction(reply: "334 VXNlcm5hbWU6")
        default: return Reaction(reply: "504 Unknown login")
        }
    }

    private mutating func plainLogin(_ line: String) -> Reaction {
        mode = .commands
        let parts = Self.decoded(line)?.split(separator: "\u{0}", omittingEmptySubsequences: false)
        guard let parts, parts.count == 3 else { return Reaction(reply: "501 Not a PLAIN login") }
        user = String(parts[1])
        return Reaction(reply: "235 Welcome")
    }

    private mutating func login(_ line: String, name: String?) -> Reaction {
        guard let text = Self.decoded(line) else {
            mode = .commands
            return Reaction(reply: "501 Not Base64")
        }
        guard let name else {
            mode = .login(name: text)
            return Reaction(reply: "334 UGFzc3dvcmQ6")
        }
        mode = .commands
        user = name
        return Reaction(reply: "235 Welcome")
    }

    private mutating func data(_ line: String) -> Reaction {
        guard line == "." else {
            size += line.utf8.count + 2
            if size <= Self.longestMail { lines.append(line.hasPrefix(".") ? String(line.dropFirst()) : line) }
            return Reaction()
        }
        defer { reset() }
        guard size <= Self.longestMail else { return Reaction(reply: "552 Too large") }
        let source = lines.map { $0 + "\r\n" }.joined()
        let mail = ReceivedMail(sender: sender ?? "", recipients: recipients, user: user, source: source)
        return Reaction(reply: "250 Kept", mail: mail)
    }

    private mutating func reset() {
        mode = .commands
        sender = nil
        recipients = []
        lines = []
        size = 0
    }

    /// The address of `FROM:<a@b> SIZE=1`.
    private static func address(in text: String, after prefix: String) -> String? {
        guard text.uppercased().hasPrefix(prefix), let open = text.firstIndex(of: "<"),
            let close = text.firstIndex(of: ">"), open < close
        else { return nil }
        return String(text[text.index(after: open)..<close])
    }

    private static func decoded(_ base64: String) -> String? {
        Data(base64Encoded: base64).map { String(decoding: $0, as: UTF8.self) }
    }
}
