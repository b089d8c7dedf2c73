import Foundation
import Replication
import Supervision
import Testing

@testable import Service

/// What is due when.
@Suite struct VerificationScheduleTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)
    private let daily = VerifyConfiguration(revisions: .seconds(86_400))

    private func record(
        _ id: Int, at hours: Double, level: Verification.Level = .revisions, share: BodyShare? = nil,
        verdict: Verification.Verdict? = .equal, state: VerificationRecord.State = .ended, content: Int = 0
    ) -> VerificationRecord {
        var record = VerificationRecord(
            pair: "orders", source: "a", target: "b", level: level, reasonToRun: "schedule",
            startedAt: morning.addingTimeInterval(hours * 3600))
        (record.id, record.state, record.verdict, record.share) = (id, state, verdict, share)
        record.endedAt = record.startedAt.addingTimeInterval(10)
        record.seconds = 10
        record.counts.bodyDiffers = content
        return record
    }

    private func due(
        _ verify: VerifyConfiguration?, _ records: [VerificationRecord], at hours: Double, suspicions: [Finding] = [],
        mode: Pair.Mode = .manage
    ) -> VerificationSchedule.Due? {
        VerificationSchedule(verify, now: morning.addingTimeInterval(hours * 3600))
            .due(VerificationHistory(records), suspicions: suspicions, mode: mode)
    }

    private func suspicion(at hours: Double) -> Finding {
        Finding(
            rule: TargetRolledBack.name, severity: .critical, since: morning.addingTimeInterval(hours * 3600),
            summary: "", next: "")
    }

    @Test func revisionsAreDueAfterTheirInterval() {
        #expect(due(daily, [], at: 0)?.level == .revisions)
        #expect(due(daily, [], at: 0, mode: .off) == nil)
        #expect(due(nil, [], at: 0) == nil)
        #expect(due(daily, [record(1, at: 0)], at: 23.9) == nil)
        #expect(due(daily, [record(1, at: 0)], at: 24)?.reason == "schedule")
        // Counts prove nothing.
        #expect(due(daily, [record(1, at: 0, level: .counts)], at: 1) != nil)
    }

    @Test func theShareMovesOnUntilAllIsCovered() {
        let verify = VerifyConfiguration(bodies: .init(share: Percentage(25), frequency: .daily))
        var records: [VerificationRecord] = []
        var parts: [BodyShare] = []
        for turn in 0..<9 {
            let found = due(verify, records, at: Double(turn) * 30)
            #expect(found?.level == .bodies)
            parts.append(found?.share ?? .all)
            // The fourth came to no verdict: its part is compared again.
            let verdict: Verification.Verdict = turn == 3 ? .unknown : .equal
            records.append(
                record(turn + 1, at: Double(turn) * 30, level: .bodies, share: found?.share, verdict: verdict))
        }
        #expect(parts == [0, 1, 2, 3, 3, 0, 1, 2, 3].map { BodyShare.part($0, of: 4) })
    }

    @Test func bodiesCompareTheRevisionsToo() {
        let both = VerifyConfiguration(
            revisions: .seconds(86_400), bodies: .init(share: Percentage(1), frequency: .weekly))
        #expect(due(both, [], at: 0)?.level == .bodies)
        let done = record(1, at: 0, level: .bodies, share: .part(0, of: 100))
        #expect(due(both, [done], at: 23) == nil)
        #expect(due(both, [done], at: 25)?.level == .revisions)
    }

    @Test func aRuleIsAnsweredByWhatBeganAfterIt() {
        #expect(due(nil, [record(1, at: 0)], at: 2, suspicions: [suspicion(at: 1)])?.reason == TargetRolledBack.name)
        #expect(due(nil, [record(1, at: 0)], at: 2, suspicions: [suspicion(at: 1)], mode: .watch) == nil)
        let answered = [record(1, at: 1, verdict: .different)]
        // Ten times its ten seconds are waited for, and twice as long each time.
        #expect(due(nil, answered, at: 1 + 100.0 / 3600, suspicions: [suspicion(at: 1)]) == nil)
        #expect(due(nil, answered, at: 1 + 111.0 / 3600, suspicions: [suspicion(at: 1)]) != nil)
        let twice = [record(1, at: 0.5, verdict: .different), record(2, at: 1, verdict: .different)]
        #expect(due(nil, twice, at: 1 + 111.0 / 3600, suspicions: [suspicion(at: 0.1)]) == nil)
        #expect(due(nil, twice, at: 1 + 211.0 / 3600, suspicions: [suspicion(at: 0.1)]) != nil)
    }

    @Test func whatWasCutOffIsResumed() {
        let cut = record(2, at: 24, verdict: nil, state: .interrupted)
        #expect(due(daily, [record(1, at: 0), cut], at: 24.1)?.resuming?.id == 2)
        #expect(due(daily, [record(1, at: 0), cut], at: 24 + 50)?.resuming == nil, "it says little of now")
        var stopped = record(2, at: 24, verdict: nil, state: .stopped)
        stopped.wasAskedToStop = true
        #expect(due(daily, [record(1, at: 0), stopped], at: 24.1) == nil, "somebody wanted it to stop")
        #expect(due(daily, [record(1, at: 0), stopped], at: 48.1)?.resuming == nil)
        #expect(due(daily, [record(1, at: 0), stopped], at: 48.1) != nil)
    }

    @Test("What began while the clock was ahead holds nothing up until that date")
    func afterTheClockWasAhead() {
        let date = 400.0 * 24
        let ahead = record(1, at: date)
        #expect(due(daily, [ahead], at: 0)?.level == .revisions)
        #expect(due(daily, [ahead, record(2, at: 0)], at: 1) == nil, "once is enough")
        let weekly = VerifyConfiguration(bodies: .init(share: Percentage(1), frequency: .weekly))
        #expect(due(weekly, [record(1, at: date, level: .bodies)], at: 0)?.level == .bodies)
        #expect(due(nil, [ahead], at: 2, suspicions: [suspicion(at: 1)])?.reason == TargetRolledBack.name)
        #expect(due(daily, [record(1, at: date, verdict: .different)], at: 0) != nil)
        let cut = record(1, at: date, verdict: nil, state: .interrupted)
        #expect(due(daily, [cut], at: 0) != nil && due(daily, [cut], at: 0)?.resuming == nil)
        var stopped = record(1, at: date, verdict: nil, state: .stopped)
        stopped.wasAskedToStop = true
        #expect(due(daily, [stopped], at: 0) != nil)
    }

    @Test func otherContentIsSettledByTheSameContentAlone() {
        let found = record(1, at: 0, level: .bodies, share: .part(3, of: 4), verdict: .different, content: 1)
        func open(_ later: VerificationRecord...) -> Int? {
            VerificationHistory([found] + later).openContentDifference?.id
        }
        #expect(open() == 1)
        #expect(open(record(2, at: 1)) == 1)
        #expect(open(record(2, at: 1, level: .bodies, share: .part(0, of: 4))) == 1)
        #expect(open(record(2, at: 1, level: .bodies, share: .part(3, of: 4))) == nil)
        #expect(open(record(2, at: 1, level: .bodies, share: .all)) == nil)
    }
}
