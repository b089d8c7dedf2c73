import CouchSim
import Foundation
import Testing

@testable import Alerting

/// The mail as text; the decoder is the sink's, and in ``EmailServerTests`` Python's.
@Suite struct MailTextTests {
    private func mail(subject: String, body: String) throws -> ReceivedMail {
        let address = try MailAddress("ops@example.org")
        let text = MailText(.sample(subject: subject, body: body), from: address, to: [address]).text
        return ReceivedMail(sender: "", recipients: [], source: text)
    }

    @Test(arguments: [
        "plain", "[couchkeep] CRITICAL orders: target was rolled back, 1,000 documents are missing, so act now please",
        "Größe", String(repeating: "日本語の長い件名", count: 12), "🦆" + String(repeating: "x", count: 120),
        "a =?UTF-8?B?eA==?= b",
        "two  blanks   between " + String(repeating: "words ", count: 20) + "end", "",
    ])
    func subjectsSurvive(subject: String) throws {
        let mail = try mail(subject: subject, body: "x\n")
        #expect(mail.subject == subject)
        let head = mail.source.components(separatedBy: "\r\n\r\n")[0]
        #expect(head.utf8.allSatisfy { $0 < 0x80 })
        for line in head.components(separatedBy: "\r\n") { #expect(line.utf8.count <= 78) }
    }

    @Test(arguments: [
        "x\r\nBcc: evil@example.org", "x\nBcc: evil@example.org", "x\rBcc: evil@example.org",
        "x\u{85}Bcc: evil@example.org", "x\u{2028}Bcc: evil@example.org", "x\u{0}\r\n\r\nbody",
        "ü\r\nBcc: evil@example.org",
    ])
    func aSubjectCanNotAddHeaders(subject: String) throws {
        let mail = try mail(subject: subject, body: "the body\n")
        #expect(mail.header("Bcc") == nil)
        #expect(mail.text == "the body\n")
        #expect(mail.header("Auto-Submitted") == "auto-generated")
    }

    @Test(arguments: [
        "one\n", "one\ntwo\n", "\n\n", ".\n", "=\n", "a=3D\n", "blank \ntab\t\n", "Größe 日本 🦆\n",
        String(repeating: "x", count: 75) + "\n", String(repeating: "x", count: 76) + "\n",
        String(repeating: "x", count: 77) + "\n", String(repeating: "ü", count: 500) + "\n", "\u{1}\u{7f}\n",
    ])
    func bodiesSurvive(body: String) throws {
        let mail = try mail(subject: "s", body: body)
        #expect(mail.text == body)
        for line in mail.source.components(separatedBy: "\r\n") { #expect(line.utf8.count <= 76) }
    }

    @Test func randomTextSurvives() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("ab =.?_\t-äß日🦆\u{301}\"<>")
        for _ in 0..<300 {
            let subject = String(
                (0..<Int.random(in: 1...150, using: &generator)).compactMap { _ in
                    alphabet.randomElement(using: &generator)
                }
            ).trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "\t", with: " ")
            let lines = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                String(
                    (0..<Int.random(in: 0...200, using: &generator)).compactMap { _ in
                        alphabet.randomElement(using: &generator)
                    })
            }
            let body = lines.joined(separator: "\n") + "\n"
            let mail = try mail(subject: subject, body: body)
            #expect(mail.subject == subject, "seed \(seed)")
            #expect(mail.text == body, "seed \(seed)")
        }
    }
}
