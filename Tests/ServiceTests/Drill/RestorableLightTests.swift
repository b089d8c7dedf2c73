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
        #expect(lacking.lacking == "the moment was not read to its end, or nodes of its source were away")
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

    /// It could not be rehearsed before it was there.
    @Test func aBackupThatWasPutBackHasItsTime() {
        func hindrance(_ age: TimeInterval) -> Finding? {
            RestorableLight(
                drills: [drill(.equal, age: 30 * 86400)], within: EvidenceSpan(from: now.addingTimeInterval(-age)),
                schedule: weekly, dueSince: now.addingTimeInterval(-90 * 86400), now: now
            ).hindrance(of: "orders")
        }
        #expect(hindrance(60) == nil && hindrance(8 * 86400) == nil)
        let late = hindrance(9 * 86400)
        #expect(late?.rule == DrillOverdue.name && late?.severity == .warning)
        #expect(late?.summary == "the backup was not rehearsed since it was put back or lost")
    }

    @Test func isShownInAReport() {
        let pair = PairReport.sample("vault:orders")
        let report = Report(at: now, pairs: [pair], servers: [], unprotected: [])
        let shown = report.showing(DrillEvidence(drills: [pair.target: [drill(.different, age: 60)]]), at: now)
        #expect(shown.verdict == .problem && shown.pairs[0].lights.restorable.state == .problem)
        #expect(shown.pairs[0].findings.map(\.rule) == [DrillFailed.name])
        let mended = shown.showing(
            DrillEvidence(drills: [pair.target: [drill(.equal, age: 6), drill(.different, age: 60)]]), at: now)
        #expect(mended.verdict == .ok && mended.pairs[0].findings.isEmpty)
        #expect(report.showing(DrillEvidence(drills: ["other": [drill(.different, age: 60)]]), at: now) == report)
    }

    // MARK: By schedule

    private let weekly = DrillSchedule(every: 7 * 86400, server: "standby", place: "http://standby:5984")

    private func scheduled(_ drills: DrillReport..., dueSince: TimeInterval? = nil) -> RestorableLight {
        RestorableLight(
            drills: drills, schedule: weekly, dueSince: dueSince.map { now.addingTimeInterval(-$0) }, now: now)
    }

    private func inVain(age: TimeInterval, _ reason: String, _ obstacle: DrillReport.Obstacle? = nil) -> DrillReport {
        var report = drill(.unknown, age: age, reason: reason)
        (report.place, report.obstacle) = (weekly.place, obstacle)
        return report
    }

    @Test func whatIsToBeRehearsedAndNeverWasIsUnknown() {
        for early in [scheduled(), scheduled(dueSince: 8 * 86400)] {
            #expect(early.light?.state == .off && early.hindrance(of: "orders") == nil, "its turn comes")
            #expect(early.light?.summary == "it was never rehearsed; its first drill is to come")
        }
        let late = scheduled(dueSince: 9 * 86400)
        #expect(late.light?.state == .unknown && late.light?.since == now.addingTimeInterval(-9 * 86400))
        let finding = late.hindrance(of: "my orders")
        #expect(finding?.rule == DrillOverdue.name && finding?.severity == .warning)
        #expect(finding?.summary == "the backup was never rehearsed")
        #expect(finding?.next == "couchkeep drill 'my orders' --server standby")
        #expect(finding?.since == now.addingTimeInterval(-0.25 * 86400))
        #expect(light().hindrance(of: "orders") == nil, "nothing is wanted")
    }

    @Test func theScheduleSaysHowLongADrillIsGood() {
        for (days, isGood) in [(7.0, true), (8.7, true), (8.8, false), (20.0, false)] {
            let restorable = scheduled(drill(.equal, age: days * 86400))
            #expect(restorable.light?.state == (isGood ? .ok : .unknown), "\(days)")
            let finding = restorable.hindrance(of: "orders")
            let severity: Finding.Severity? = isGood ? nil : .warning
            #expect(finding?.severity == severity, "\(days)")
            if !isGood { #expect(finding?.summary.hasPrefix("the last drill with a verdict is ") == true) }
        }
        let ahead = scheduled(drill(.equal, age: -400 * 86400))
        #expect(ahead.light?.state == .unknown && ahead.hindrance(of: "orders") == nil, "the next check makes another")
    }

    @Test func whyADueDrillCameToNoVerdictIsTold() {
        let away = "the server standby for the scratch: nothing answers"
        let good = drill(.equal, age: 7.5 * 86400)
        let told = scheduled(inVain(age: 60, away), inVain(age: 7200, "x"), good)
        #expect(told.light?.state == .ok, "it is good for a while yet")
        let notice = told.hindrance(of: "orders")
        #expect(notice?.rule == DrillOverdue.name && notice?.severity == .notice, "\(String(describing: notice))")
        #expect(
            notice?.summary
                == "the last drill with a verdict is 7 days old; the last one that was tried came to none: \(away)")
        #expect(notice?.since == now.addingTimeInterval(-7200))
        let late = scheduled(inVain(age: 60, away), drill(.equal, age: 9 * 86400)).hindrance(of: "orders")
        #expect(late?.rule == DrillOverdue.name && late?.severity == .warning)
        let never = scheduled(inVain(age: 60, away), dueSince: 3600)
        #expect(never.hindrance(of: "orders")?.severity == .notice && never.light?.state == .unknown)
        #expect(never.light?.summary == "the drill came to no end: \(away)")
        // One that nobody waited for tells nothing.
        #expect(scheduled(inVain(age: 60, "it was stopped"), drill(.equal, age: 86400)).hindrance(of: "orders") == nil)
    }

    @Test(arguments: [
        (DrillReport.Obstacle.tooLarge, "drill: { server: NAME }"),
        (DrillReport.Obstacle.unreadable, "where the private key is"),
        (DrillReport.Obstacle.unauthorized, "the secret of standby in the configuration: couchkeep config check"),
        (DrillReport.Obstacle.forbidden, "couchkeep drill orders --server standby"),
        (DrillReport.Obstacle.secretUnavailable, "couchkeep config check"),
        (DrillReport.Obstacle.scratchLeft, "couchkeep explain drill-leftover"),
    ])
    func whatDoesNotPassByItselfIsAWarning(obstacle: DrillReport.Obstacle, next: String) {
        let finding = scheduled(inVain(age: 60, "no", obstacle), drill(.equal, age: 7.5 * 86400))
            .hindrance(of: "orders")
        #expect(finding?.rule == DrillImpossible.name && finding?.severity == .warning)
        #expect(finding?.summary == "the backup can't be rehearsed: no")
        #expect(finding?.next.contains(next) == true, "\(String(describing: finding))")
        // Elsewhere it may be possible.
        var elsewhere = inVain(age: 60, "no", obstacle)
        elsewhere.place = "memory"
        #expect(scheduled(elsewhere, drill(.equal, age: 7.5 * 86400)).hindrance(of: "orders") == nil)
    }

    @Test func theHindranceIsInTheReport() {
        var pair = PairReport.sample("vault:orders")
        let known = DrillEvidence(
            drills: [pair.target: [inVain(age: 60, "no", .forbidden)]], schedule: weekly, dueSince: [:])
        func report() -> Report { Report(at: now, pairs: [pair], servers: [], unprotected: []) }
        let shown = report().showing(known, at: now)
        #expect(shown.pairs[0].findings.map(\.rule) == [DrillImpossible.name] && shown.verdict == .problem)
        let off = shown.showing(DrillEvidence(), at: now)
        #expect(off.pairs[0].findings == [], "nothing is wanted any more")
        pair.mode = .off
        #expect(report().showing(known, at: now) == report())
        for rule in Report.drillRules { #expect(KnownRules.rule(named: rule) != nil) }
    }

    /// A hundred thousand messages of one server that is away are none.
    @Test func whatAnOutageHoldsUpIsToldAsOne() {
        let outage = DrillOutage(
            place: "http://b:5984", since: now.addingTimeInterval(-7200), at: now, attempts: 9,
            reason: "nothing answers")
        let schedule = DrillSchedule(every: 7 * 86400, server: "b", place: "http://b:5984")
        let pairs = ["new", "old", "older"].map { PairReport.sample($0) }
        let known = DrillEvidence(
            drills: ["http://b:5984/older": [drill(.equal, age: 20 * 86400)]], schedule: schedule,
            dueSince: [pairs[0].key: now.addingTimeInterval(-3600), pairs[1].key: now.addingTimeInterval(-20 * 86400)],
            outage: outage)
        func findings(_ servers: [ServerReport], _ known: DrillEvidence) -> [Finding] {
            Report(at: now, pairs: pairs, servers: servers, unprotected: []).showing(known, at: now)
                .pairs.flatMap(\.findings)
        }
        let alone = findings([], known)
        #expect(alone.map(\.rule) == Array(repeating: DrillOverdue.name, count: 3))
        #expect(alone.map(\.severity) == [.notice, .warning, .warning])
        #expect(alone.map(\.cause) == [nil, nil, "\(DrillOverdue.name) @ old"])
        #expect(alone.allSatisfy { $0.summary.hasSuffix("came to none: nothing answers") }, "\(alone)")
        let away = Finding(rule: ServerUnreachable.name, severity: .critical, since: now, summary: "away", next: "wait")
        let explained = findings([.sample("b", reachable: false, findings: [away])], known)
        #expect(Set(explained.map(\.cause)) == ["\(ServerUnreachable.name) @ b"])
        var elsewhere = known
        elsewhere.outage?.place = "memory"
        #expect(findings([], elsewhere).map(\.cause) == [nil, nil], "what is late only")
        var lasting = known
        lasting.outage?.obstacle = .scratchLeft
        #expect(Set(findings([], lasting).map(\.rule)) == [DrillImpossible.name])
    }

    @Test func aScratchOfAPairThatIsNoMoreIsToldAtItsServerOrAtAnother() {
        let scratch = StoredScratches.Scratch(
            url: "http://b:5984/\(ScratchName.prefix)gone-0badf00d", server: "b", backup: "vault:gone", since: now,
            reason: "not by you")
        let known = DrillEvidence(scratches: [scratch])
        func report(_ servers: [ServerReport]) -> Report {
            Report(at: now, pairs: [.sample("orders")], servers: servers, unprotected: [])
        }
        let atServer = report([.sample("a"), .sample("b")]).showing(known, at: now)
        #expect(atServer.servers.map { $0.findings.map(\.rule) } == [[], [DrillLeftover.name]])
        #expect(atServer.pairs[0].findings == [] && atServer.verdict == .problem)
        #expect(atServer.showing(DrillEvidence(), at: now) == report([.sample("a"), .sample("b")]))
        let atPair = report([.sample("a")]).showing(known, at: now)
        #expect(atPair.pairs[0].findings.map(\.rule) == [DrillLeftover.name])
    }
}
