import Foundation
import Supervision
import Testing

@testable import Backup
@testable import Service

/// The Restorable light, from the drills that were made.
@Suite struct RestorableLightTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func drill(_ verdict: DrillReport.Verdict, age: TimeInterval, reason: String? = nil) -> DrillReport {
        let at = now.addingTimeInterval(-age)
        var report = DrillReport(backup: "vault:orders", moment: 4, asOf: at, place: "memory", at: at)
        (report.verdict, report.reason, report.restoreSeconds) = (verdict, reason, 12.4)
        if verdict == .different, reason == nil {
            report.differing = 2
            report.note(.init(id: "a", reason: "its content differs"))
        }
        return report
    }

    private func light(_ drills: DrillReport...) -> RestorableLight { RestorableLight(drills: drills, now: now) }

    @Test func nothingWasRehearsed() {
        #expect(light().light == nil && light().finding == nil)
    }

    @Test func equalCountsForAWhile() {
        let good = light(drill(.equal, age: 7200))
        #expect(good.light?.state == .ok && good.finding == nil)
        #expect(good.light?.summary == "moment #4 restored in 12 s, 2 h ago: equal")
        #expect(good.light?.since == now.addingTimeInterval(-7200))
        let old = light(drill(.equal, age: 31 * 86400))
        #expect(old.light?.state == .unknown && old.finding == nil)
    }

    @Test("A drill of the time when the clock was ahead says nothing good of now")
    func madeWhenTheClockWasAhead() {
        let ahead = drill(.equal, age: -400 * 86400)
        let doubtful = light(ahead)
        #expect(doubtful.light?.state == .unknown && doubtful.finding == nil && doubtful.light?.since == now)
        #expect(
            doubtful.light?.summary
                == "moment #4 restored in 12 s, when the clock was ahead: equal, and how long ago is not known")
        #expect(light(drill(.equal, age: 60), ahead).light?.state == .ok)
        let bad = light(drill(.different, age: -400 * 86400))
        #expect(bad.light?.state == .problem && bad.finding?.since == now)
    }

    @Test func aDrillWithoutAnEndTakesNothingBack() {
        let cut = drill(.unknown, age: 60, reason: "it was stopped")
        #expect(light(cut).light?.state == .unknown)
        #expect(light(cut).light?.summary.contains("it was stopped") == true)
        #expect(light(cut, drill(.equal, age: 600)).light?.state == .ok)
        #expect(light(cut, drill(.different, age: 600)).light?.state == .problem)
    }

    @Test func whatDiffersIsAFinding() {
        let bad = light(drill(.different, age: 60), drill(.equal, age: 600))
        #expect(bad.light?.state == .problem)
        #expect(bad.finding?.severity == .critical && bad.finding?.rule == DrillFailed.name)
        #expect(bad.finding?.summary.hasSuffix("2 documents differ") == true)
        #expect(light(drill(.equal, age: 5), drill(.different, age: 60)).finding == nil, "a good drill ends it")
        let damaged = drill(.different, age: 60, reason: "the file is damaged")
        #expect(ExitCode(damaged) == .damaged && ExitCode(drill(.different, age: 1)) == .different)
        #expect(ExitCode(drill(.equal, age: 1)) == .ok && ExitCode(drill(.unknown, age: 1)) == .unknown)
    }

    /// That a copy equals a moment which lacks something is no proof that all comes back.
    @Test func whatTheBackupLacksIsNotGood() {
        var lacking = drill(.incomplete, age: 60)
        lacking.setAside = 2
        let doubtful = light(lacking, drill(.equal, age: 600))
        #expect(doubtful.light?.state == .unknown && doubtful.finding == nil)
        #expect(doubtful.light?.summary.hasSuffix("equal, but 2 revisions were never copied into the backup") == true)
        #expect(light(drill(.equal, age: 5), lacking).light?.state == .ok)
        let bad = light(lacking, drill(.different, age: 600))
        #expect(bad.light?.state == .problem && bad.finding != nil, "only an equal one ends what differs")
        #expect(ExitCode(lacking) == .incomplete)
        lacking.setAside = 0
        #expect(lacking.lacking == "the moment was not read to its end")
    }

    /// What was rehearsed of a backup that is lost says nothing of the one in its place.
    @Test func anotherBackupIsNotWhatWasRehearsed() {
        let lost = EvidenceSpan(from: now.addingTimeInterval(-100))
        let gone = RestorableLight(drills: [drill(.equal, age: 600)], within: lost, now: now)
        #expect(gone.light?.state == .unknown && gone.finding == nil)
        let bad = RestorableLight(drills: [drill(.different, age: 600)], within: lost, now: now)
        #expect(bad.light?.state == .unknown && bad.finding == nil)
        let both = [drill(.equal, age: 60), drill(.different, age: 600)]
        let new = RestorableLight(drills: both, within: lost, now: now)
        #expect(new.light?.state == .ok && new.finding == nil)
    }

    @Test func isShownInAReport() {
        let pair = PairReport.sample("vault:orders")
        let report = Report(at: now, pairs: [pair], servers: [], unprotected: [])
        let shown = report.showing(drills: [pair.target: [drill(.different, age: 60)]], at: now)
        #expect(shown.verdict == .problem && shown.pairs[0].lights.restorable.state == .problem)
        #expect(shown.pairs[0].findings.map(\.rule) == [DrillFailed.name])
        let mended = shown.showing(drills: [pair.target: [drill(.equal, age: 6), drill(.different, age: 60)]], at: now)
        #expect(mended.verdict == .ok && mended.pairs[0].findings.isEmpty)
        #expect(report.showing(drills: ["other": [drill(.different, age: 60)]], at: now) == report)
    }
}
