import Testing

@testable import Alerting

@Suite struct SMTPTranscriptTests {
    @Test func pairsCommandsWithReplies() {
        var transcript = SMTPTranscript()
        transcript.received("220-mail.example.org")
        transcript.received("220 ready")
        transcript.sent("EHLO backup1\r\n")
        transcript.received("250-mail.example.org")
        transcript.received("250 AUTH PLAIN")
        transcript.sent("MAIL FROM:<a@example.org>\r\n")
        transcript.received("250 OK")
        transcript.sent("RCPT TO:<b@example.org>\r\n")
        transcript.received("550 5.1.1 No such user")
        transcript.sent("RCPT TO:<c@example.org>\r\n")
        transcript.received("250 OK")
        transcript.sent("DATA\r\n")
        transcript.received("354 Go on")
        transcript.received("554 Not wanted")
        let commands = transcript.exchanges.map { "\($0.command) \($0.code)" }
        #expect(
            commands == [
                "connect 220", "EHLO backup1 250", "MAIL FROM:<a@example.org> 250", "RCPT TO:<b@example.org> 550",
                "RCPT TO:<c@example.org> 250", "DATA 354", "the mail 554",
            ])
        #expect(transcript.refusedRecipients.map(\.text) == ["5.1.1 No such user"])
        #expect(transcript.refusedRecipients.map(\.address) == ["b@example.org"])
        #expect(transcript.refusedRecipients.map(\.isForNow) == [false] && !transcript.isEveryRecipientRefused)
        #expect(transcript.lastRefusal?.command == "the mail")
    }

    @Test(arguments: [
        ["AUTH PLAIN AGEAczNjcjN0"], ["AUTH LOGIN", "YQ==", "czNjcjN0"], ["AUTH LOGIN YQ==", "czNjcjN0"],
        ["auth plain", "AGEAczNjcjN0"],
    ])
    func loginsAreNotKept(lines: [String]) {
        var transcript = SMTPTranscript()
        for line in lines {
            transcript.sent(line + "\r\n")
            transcript.received("334 ")
        }
        transcript.received("535 No")
        #expect(transcript.exchanges.allSatisfy { $0.command == "AUTH" })
        #expect(transcript.lastRefusal?.code == 535)
    }

    @Test(arguments: ["", "x", "12", "HTTP/1.1 400 Bad Request", "25O OK", "-1 x"])
    func whatIsNoReplyIsNone(line: String) {
        var transcript = SMTPTranscript()
        transcript.received(line)
        #expect(transcript.lastRefusal == nil)
    }
}
