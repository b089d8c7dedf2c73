import Testing

@testable import CouchSim

@Suite struct ReplicationHistoryTests {
    private func log(_ sessions: (String, Int)...) -> OrderedJSON {
        [
            "session_id": .string(sessions[0].0), "source_last_seq": .integer(sessions[0].1),
            "history": .array(sessions.map { ["session_id": .string($0.0), "recorded_seq": .integer($0.1)] }),
        ]
    }

    @Test func startsAtTheBeginningWithoutBothLogs() {
        #expect(ReplicationHistory.start(source: nil, target: nil).sequence == 0)
        #expect(ReplicationHistory.start(source: log(("a", 5)), target: nil).sequence == 0)
        #expect(ReplicationHistory.start(source: nil, target: log(("a", 5))).sequence == 0)
    }

    /// The flaw: the target's older position of the same session doesn't count.
    @Test func believesTheSourceWithinOneSession() {
        #expect(ReplicationHistory.start(source: log(("a", 9)), target: log(("a", 5))).sequence == 9)
    }

    @Test func findsTheNewestCommonSession() {
        let start = ReplicationHistory.start(
            source: log(("c", 9), ("b", 7), ("a", 5)), target: log(("b", 7), ("a", 5)))
        #expect(start.sequence == 7)
        let other = ReplicationHistory.start(source: log(("a", 5)), target: log(("b", 7), ("a", 4)))
        #expect(other.sequence == 5, "what the source has recorded counts where both know the session")
    }

    @Test func startsAtTheBeginningWithoutACommonSession() {
        #expect(
            ReplicationHistory.start(source: log(("a", 5), ("b", 3)), target: log(("x", 5), ("y", 3))).sequence == 0)
    }
}
