import CouchDB
import CouchSim
import Service
import Testing

@testable import Demo

@Suite("How the demo prints")
struct NarrationTests {
    @Test func wrapsBetweenWordsAndSetsLaterLinesIn() {
        #expect(Wrapping(width: 9).lines(of: "one two three four") == ["one two", "three", "four"])
        #expect(Wrapping(width: 9, hanging: 2).lines(of: "one two three") == ["one two", "  three"])
        #expect(Wrapping(width: 9).lines(of: "one\n  two") == ["one two"], "CouchDB's errors have line ends")
        #expect(Wrapping(width: 9).lines(of: "") == [""])
    }

    @Test func leavesRowsOfTablesAsTheyAre() {
        #expect(Wrapping(width: 20, keepsBlanks: true).lines(of: "PAIR    LAG") == ["PAIR    LAG"])
    }

    @Test func coloursTakeNoRoom() {
        #expect(Wrapping(width: 7).lines(of: "\u{1b}[1mone\u{1b}[0m two") == ["\u{1b}[1mone\u{1b}[0m two"])
    }

    @Test func showsOnlyEvidenceThatFitsOnALine() {
        let evidence: [String: JSONValue] = [
            "refused": 20, "sequence": .string(String(repeating: "g1AAAA", count: 20)), "code": "unauthorized",
        ]
        #expect(EvidenceText(evidence).text == "refused 20, code unauthorized")
    }

    @Test func aMailIsShownWithoutTheLineThatRepeatsItsSubject() {
        let mail = ReceivedMail(
            sender: "a@example.org", recipients: ["b@example.org"],
            source: """
                Subject: [couchkeep] CRITICAL orders: gone\r
                \r
                CRITICAL  orders: gone\r
                  since    now\r
                  backup   \(String(repeating: "x", count: 200))\r
                  next     couchkeep check\r

                """)
        let excerpt = MailExcerpt(mail)
        #expect(excerpt.subject == "[couchkeep] CRITICAL orders: gone")
        #expect(excerpt.body.first == "> since now")
        #expect(excerpt.body.count == 2)
        #expect(excerpt.body.allSatisfy { $0.count <= Narrator.factWidth })
        #expect(excerpt.body.last?.hasSuffix("…") == true)
    }

    @Test func progressIsForTerminals() {
        let plain = CapturedOutput()
        Narrator(style: .plain) { plain.append($0) }.progress("waiting")
        #expect(plain.text.isEmpty)
        let terminal = CapturedOutput()
        let narrator = Narrator(style: .ansi) { terminal.append($0) }
        narrator.progress("waiting")
        narrator.gap()
        #expect(terminal.text == "\r\u{1b}[K  … waiting\r\u{1b}[K\n")
    }
}
