import Backup
import Foundation
import Supervision
import Testing

@testable import Service

/// Which drills are due when.
@Suite struct DrillScheduleTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)
    private let weekly = DrillSchedule(every: 7 * 86_400, server: "standby", place: "http://standby:5984")
    private static let hour = 3600.0

    /// A drill that began so many hours after the morning, and took some seconds.
    private func drill(
        _ verdict: DrillReport.Verdict, at hours: Double, took seconds: Double = 12, place: String? = nil
    ) -> DrillReport {
        let at = morning.addingTimeInterval(hours * Self.hour)
        var report = DrillReport(
            backup: "vault:orders", moment: 4, asOf: at, place: place ?? weekly.place, at: at)
        (report.verdict, report.seconds) = (verdict, seconds)
        return report
    }

    /// - Parameter drills: the newest first.
    private func due(
        _ drills: [DrillReport], at hours: Double, _ schedule: DrillSchedule? = nil, isLacking: Bool = false,
        mode: Pair.Mode = .manage
    ) -> DrillSchedule.Due? {
        (schedule ?? weekly).due(
            DrillHistory(drills), isLacking: isLacking, mode: mode,
            now: morning.addingTimeInterval(hours * Self.hour))
    }

    private func time(_ hours: Double) -> Date { morning.addingTimeInterval(hours * Self.hour) }

    @Test func isDueAfterTheInterval() {
        #expect(due([], at: 0) == DrillSchedule.Due(since: .distantPast))
        #expect(due([], at: 0, mode: .watch) != nil && due([], at: 0, mode: .off) == nil)
        let equal = drill(.equal, at: 0)
        #expect(due([equal], at: 7 * 24 - 0.1) == nil)
        #expect(due([equal], at: 7 * 24) == DrillSchedule.Due(since: time(7 * 24)))
        #expect(due([equal], at: 30 * 24, mode: .off) == nil)
        #expect(due([drill(.equal, at: 100), equal], at: 7 * 24) == nil, "the newest counts")
        // One by hand counts wherever it was made.
        #expect(due([drill(.equal, at: 0, place: "memory")], at: 24) == nil)
    }

    @Test func whoWasNeverRehearsedComesFirstThenTheOldest() {
        let turns = [
            "young": due([drill(.equal, at: 10)], at: 400), "old": due([drill(.equal, at: 0)], at: 400),
            "failing": due([drill(.unknown, at: 1)], at: 400), "never": due([], at: 400),
        ].compactMapValues { $0?.since }
        #expect(turns.sorted { $0.value < $1.value }.map(\.key) == ["never", "failing", "old", "young"])
    }

    /// How long after the last of some drills in a row without a verdict the next one is made, in seconds.
    @Test(arguments: [
        (1, 12.0, 300.0), (2, 12.0, 600.0), (3, 12.0, 1200.0), (7, 12.0, 19_200.0), (8, 12.0, 21_600.0),
        (30, 12.0, 21_600.0),
        // At most a tenth of the time goes into them.
        (1, 60.0, 600.0), (2, 60.0, 1200.0), (1, 3600.0, 36_000.0), (5, 3600.0, 36_000.0),
        // No longer than a turn.
        (1, 80_000.0, 604_800.0),
    ])
    func whatCameToNoVerdictIsTriedAgainAfterGrowingPauses(attempts: Int, seconds: Double, pause: Double) {
        let drills = (0..<attempts).map { drill(.unknown, at: -Double($0), took: seconds) }
        let end = seconds / Self.hour
        #expect(due(drills, at: end + (pause - 1) / Self.hour) == nil)
        let again = due(drills, at: end + (pause + 1) / Self.hour)
        #expect(again?.since.timeIntervalSince(time(end + pause / Self.hour)).magnitude ?? .infinity < 1)
    }

    @Test func whatWasCutOffBeforeItsTurnIsNotTriedAgain() {
        let drills = [drill(.unknown, at: 10), drill(.equal, at: 0)]
        #expect(due(drills, at: 12) == nil, "somebody stopped one that was not due")
        #expect(due(drills, at: 7 * 24) != nil)
        let tried = [drill(.unknown, at: 7 * 24), drill(.equal, at: 0)]
        #expect(due(tried, at: 7 * 24 + 0.05) == nil)
        #expect(due(tried, at: 7 * 24 + 0.1) != nil)
    }

    @Test("What was tried elsewhere holds nothing up, as after another server was configured")
    func anotherPlaceIsAnotherTry() {
        let elsewhere = drill(.unknown, at: 0, place: "memory")
        #expect(due([elsewhere], at: 0.01) == DrillSchedule.Due(since: .distantPast))
        #expect(weekly.inVain(DrillHistory([elsewhere])) == [])
        let here = drill(.unknown, at: 1)
        #expect(weekly.inVain(DrillHistory([here, elsewhere, drill(.equal, at: -1), here])) == [here])
    }

    @Test("A place that took no drill is tried again after growing pauses; another one at once")
    func whatThePlaceDidNotTake() {
        var outage = DrillOutage(place: weekly.place, since: morning, at: morning, reason: "nothing answers")
        #expect(weekly.isHeld(by: outage, now: time(0.08)) && !weekly.isHeld(by: outage, now: time(0.09)))
        outage = DrillOutage(place: weekly.place, since: time(1), at: time(1), reason: "x").following(outage)
        #expect(outage.since == morning && outage.attempts == 2)
        #expect(weekly.isHeld(by: outage, now: time(1.16)) && !weekly.isHeld(by: outage, now: time(1.17)))
        outage.attempts = 100
        #expect(weekly.isHeld(by: outage, now: time(6.9)) && !weekly.isHeld(by: outage, now: time(7.1)))
        let elsewhere = DrillOutage(place: "memory", since: time(2), at: time(2), reason: "x")
        #expect(elsewhere.following(outage) == elsewhere && !weekly.isHeld(by: elsewhere, now: time(2)))
        #expect(!weekly.isHeld(by: nil, now: morning))
    }

    @Test func whatDiffersIsLookedAtAgainBeforeItsTurn() {
        let bad = drill(.different, at: 0)
        #expect(due([bad], at: 0.05) == nil)
        #expect(due([bad], at: 0.1) != nil)
        #expect(due([drill(.unknown, at: 1), bad], at: 1.1) == nil, "after a longer pause")
        #expect(due([drill(.unknown, at: 1), bad], at: 1.2) != nil)
        #expect(due([drill(.equal, at: 1), bad], at: 2) == nil, "an equal one ends it")
        #expect(due([drill(.incomplete, at: 1), bad], at: 2, isLacking: true) != nil, "and no other one does")
    }

    @Test func whatLackedSomethingIsRehearsedWhenItLacksNothing() {
        let lacking = drill(.incomplete, at: 0)
        #expect(due([lacking], at: 24, isLacking: true) == nil)
        #expect(due([lacking], at: 24, isLacking: false) != nil)
        #expect(due([lacking], at: 7 * 24, isLacking: true) != nil)
    }

    @Test("What was made while the clock was ahead holds nothing up until that date")
    func afterTheClockWasAhead() {
        for verdict in [DrillReport.Verdict.equal, .unknown, .different, .incomplete] {
            #expect(due([drill(verdict, at: 9000)], at: 0, isLacking: true) != nil, "\(verdict)")
        }
        #expect(due([drill(.equal, at: 0), drill(.equal, at: 9000)], at: 1) == nil, "once is enough")
    }

    @Test func theConfigurationSaysWhereAndHowOften() throws {
        func schedule(_ drill: String) throws -> DrillSchedule? {
            DrillSchedule(try Samples.read(Samples.minimal + "\n\(drill)").configuration)
        }
        #expect(try schedule("drill: { every: off, server: standby }") == nil)
        #expect(try schedule("") == nil)
        #expect(try schedule("drill: { every: 1d }") == DrillSchedule(every: 86_400, server: nil, place: "memory"))
        let server = try schedule("drill: { every: 1d, server: standby }")
        #expect(
            server == DrillSchedule(every: 86_400, server: "standby", place: "https://couch2.example.org:6984"))
    }

    /// The interval, and how long a drill is good.
    @Test(arguments: [
        (1.0, 2.0), (4.0, 5.0), (24.0, 30.0), (168.0, 210.0), (672.0, 840.0), (2160.0, 2328.0),
    ])
    func theLightIsGoodForTheIntervalAndAGrace(every: Double, limit: Double) {
        #expect(DrillSchedule(every: every * Self.hour).limit == limit * Self.hour)
    }
}
