import Testing

@testable import CouchSim

/// The sink's side of the conversation.
@Suite struct SMTPSessionTests {
    private func codes(_ lines: [String], refusing: Set<String> = []) -> ([String], [ReceivedMail]) {
        var session = SMTPSession(refusing: refusing)
        var codes: [String] = []
        var mails: [ReceivedMail] = []
        for line in lines {
            let reaction = session.receive(line)
            if let reply = reaction.reply { codes.append(String(reply.prefix(3))) }
            if let mail = reaction.mail { mails.append(mail) }
        }
        return (codes, mails)
    }

    @Test func takesTwoMails() {
        let mail = ["MAIL FROM:<a@x> SIZE=3", "RCPT TO:<b@x>", "DATA", "Subject: s", "", "..", "text", "."]
        let (codes, mails) = codes(["EHLO me"] + mail + mail + ["QUIT"])
        #expect(codes == ["250", "250", "250", "354", "250", "250", "250", "354", "250", "221"])
        #expect(mails.count == 2)
        #expect(
            mails.first == ReceivedMail(sender: "a@x", recipients: ["b@x"], source: "Subject: s\r\n\r\n.\r\ntext\r\n"))
    }

    @Test(arguments: [
        ["AUTH PLAIN AHUAcA=="], ["AUTH PLAIN", "AHUAcA=="], ["AUTH LOGIN", "dQ==", "cA=="],
        ["AUTH LOGIN dQ==", "cA=="],
    ])
    func knowsLogins(login: [String]) {
        let (codes, mails) = codes(login + ["MAIL FROM:<a@x>", "RCPT TO:<b@x>", "DATA", "."])
        #expect(codes.contains("235"))
        #expect(mails.first?.user == "u")
    }

    @Test(arguments: [
        (["DATA"], "503"), (["RCPT TO:<b@x>"], "503"), (["MAIL FROM:<a@x>", "DATA"], "503"), (["MAIL a@x"], "501"),
        (["STARTTLS"], "502"), (["AUTH GSSAPI"], "504"), (["AUTH PLAIN", "!"], "501"), ([""], "502"),
        (["MAIL FROM:<a@x>", "RCPT TO:<gone@x>"], "550"), (["MAIL FROM:<a@x>", "RSET", "RCPT TO:<b@x>"], "503"),
    ])
    func refusesWhatIsOutOfPlace(lines: [String], code: String) {
        #expect(codes(lines, refusing: ["gone@x"]).0.last == code)
    }
}
