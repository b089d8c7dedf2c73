import Foundation
import Testing

@testable import Alerting

@Suite struct MessageTests {
    private func message(_ transitions: [Transition], at time: Date = minutes(12)) throws -> Message {
        try #require(Message(telling: transitions, at: time, origin: .sample))
    }

    private func transition(
        _ kind: Transition.Kind = .new, _ name: String = "orders", _ severity: Severity = .critical,
        folded: FoldedConditions = FoldedConditions()
    ) -> Transition {
        Transition(kind, .sample(name, severity), lastSeen: minutes(12), folded: folded)
    }

    @Test func nothingDueIsNoMessage() {
        #expect(Message(telling: [], at: morning, origin: .sample) == nil)
    }

    @Test func oneProblemInFull() throws {
        let condition = Condition.sample(
            "orders", details: ["missing": "1,000", "target": "https://b.example.org/orders"])
        let message = try message([Transition(.new, condition, lastSeen: minutes(12))])
        #expect(message.subject == "[couchkeep] CRITICAL orders: target was rolled back, 1,000 documents are missing")
        #expect(
            message.body == """
                CRITICAL  orders: target was rolled back, 1,000 documents are missing
                  since    2026-11-24 08:00:00 UTC (12 minutes ago)
                  backup   the backup lacks documents that the source has
                  missing  1,000
                  target   https://b.example.org/orders
                  next     couchkeep check
                  rule     target-rolled-back

                -- 
                Sent by couchkeep on backup1.example.org at 2026-11-24 08:12:00 UTC
                Status: https://status.example.org/

                """)
    }

    @Test func aRecoverySaysHowLongItTook() throws {
        let end = Transition(.resolved, .sample("orders"), lastSeen: minutes(125), endedAt: minutes(130))
        let message = try message([end], at: minutes(135))
        #expect(message.subject == "[couchkeep] RESOLVED orders: no longer target-rolled-back")
        #expect(message.body.contains("until    2026-11-24 10:10:00 UTC (after 2 hours 10 minutes)"))
        #expect(message.body.hasPrefix("RESOLVED  orders: no longer target-rolled-back\n"))
        // Nothing in it speaks of the problem as if it were there.
        for word in ["couchkeep check", "missing", "lacks"] { #expect(!message.body.contains(word), "\(word)") }
        #expect(!message.isFiring)
    }

    @Test func whatCouldNotBeCheckedIsSaid() throws {
        let message = try message([Transition(.reminder, .sample("orders"), lastSeen: minutes(2))])
        #expect(message.body.contains("2026-11-24 08:02:00 UTC (10 minutes ago; it could not be checked since)"))
    }

    @Test func subjectsSayWhatChanged() throws {
        let folded = FoldedConditions(count: 40, names: ["a", "b"])
        let cases: [([Transition], String)] = [
            ([transition(.worse)], "NOW CRITICAL orders: target"),
            ([transition(.reminder)], "STILL CRITICAL orders: target"),
            ([transition(.new, "production", folded: folded)], "missing (affects 40 more)"),
            ([transition(.new, "a"), transition(.new, "b"), transition(.reminder, "c")], "3 problems: a, b, c"),
            ([transition(.new, "a"), transition(.resolved, "b")], "1 problem, 1 resolved: a, b"),
            ([transition(.resolved, "a"), transition(.resolved, "b")], "] 2 resolved: a, b"),
            ((1...9).map { transition(.new, "p\($0)") }, "9 problems: p1, p2, p3, p4, p5 and 4 more"),
        ]
        for (transitions, expected) in cases {
            let subject = try message(transitions).subject
            #expect(subject.contains(expected))
            #expect(subject.hasPrefix("[couchkeep] "))
        }
    }

    @Test func whatOneCauseExplainsIsACountWithNames() throws {
        let folded = FoldedConditions((1...40).map { Condition.sample("x\($0)", subject: "pair\(100 + $0)") })
        let message = try message([transition(.new, "production", folded: folded)])
        #expect(message.body.contains("affects  40 more: pair101, pair102, pair103, pair104, pair105 and 35 more"))
    }

    @Test func aSubjectIsOneLineOfBoundedLength() throws {
        let name = String(repeating: "ü\r\nBcc: x ", count: 100)
        let message = try message([transition(.new, name)])
        #expect(message.subject.count == 180)
        #expect(message.subject.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func longMessagesAreCut() throws {
        let message = try message((0..<700).map { transition(.new, "p\($0)") })
        #expect(message.body.contains("and 650 more. All of them: couchkeep status"))
        #expect(message.transitions.count == Message.transitionsKept)
        #expect(message.omitted == 200)
    }

    @Test func aMessageIsStoredAsItIs() throws {
        let message = try message([transition(), transition(.resolved, "b")])
        #expect(try JSONDecoder().decode(Message.self, from: JSONEncoder().encode(message)) == message)
    }

    @Test(arguments: [
        (0.0, "0 seconds"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (3599, "59 minutes"),
        (3600, "1 hour"), (3660, "1 hour 1 minute"), (86399, "23 hours 59 minutes"), (86400, "1 day"),
        (93600, "1 day 2 hours"), (-5, "0 seconds"),
    ])
    func elapsedTimes(seconds: Double, text: String) {
        #expect(morning.addingTimeInterval(seconds).elapsedText(since: morning) == text)
    }

    @Test(arguments: [
        (0.0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 +0000"),
    ])
    func mailDates(seconds: Double, text: String) {
        #expect(Date(timeIntervalSince1970: seconds).mailText == text)
    }

    @Test func aTestSaysThatItIsOne() {
        let message = TestMessage.message(at: morning, origin: .sample)
        #expect(message.subject == "[couchkeep] TEST: alerts from backup1.example.org reach you")
        #expect(message.kind == .test)
        #expect(!message.isFiring)
    }

    @Test func aDigestHoldsTheLatestWordOnEachCondition() throws {
        let first = Message.sample(id: "m1", at: minutes(0), fingerprint: "a")
        let second = Message.sample(id: "m2", at: minutes(5), fingerprint: "b")
        let end = Transition(.resolved, .sample("a"), lastSeen: minutes(5), endedAt: minutes(10))
        var third = try message([end], at: minutes(15))
        third.id = "m3"
        let digest = try #require(Digest.message(of: [first, second, third], at: minutes(60)))
        #expect(digest.id == "m1+2")
        #expect(digest.subject == "[couchkeep] 3 delayed messages, 1 problem open")
        #expect(digest.transitions.map(\.condition.fingerprint) == ["b", "a"])
        #expect(digest.transitions.map(\.kind) == [.new, .resolved])
        for message in [first, second, third] { #expect(digest.body.contains(message.body)) }
        #expect(digest.body.contains("2026-11-24 08:00:00 UTC (1 hour ago)"))
        #expect(Digest.message(of: [], at: morning) == nil)
    }
}
