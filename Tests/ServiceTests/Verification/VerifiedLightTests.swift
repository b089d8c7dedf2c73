import CouchDB
import Foundation
import Replication
import Supervision
import Testing

@testable import Service

/// What the light says of verifications, and when it ceases to be good.
@Suite struct VerifiedLightTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)
    private let daily = VerifyConfiguration(revisions: .seconds(86_400))

    private func record(_ verdict: Verification.Verdict?, missing: Int = 0, extra: Int = 0) -> VerificationRecord {
        var record = VerificationRecord(
            pair: "orders", source: "http://a:5984/orders", target: "http://b:5984/orders", level: .revisions,
            reasonToRun: "schedule", startedAt: morning)
        (record.id, record.state, record.verdict, record.asOf) = (7, .ended, verdict, morning)
        (record.counts.missing, record.counts.extra) = (missing, extra)
        if verdict == .unknown { record.reason = "the backup is behind" }
        return record
    }

    private func light(
        _ records: [VerificationRecord], _ verify: VerifyConfiguration?, hours: Double, dueSince: Date? = nil,
        pair: PairReport = .sample("orders")
    ) -> VerifiedLight {
        VerifiedLight(
            VerificationHistory(records), verify: verify, pair: pair, before: nil, dueSince: dueSince,
            now: morning.addingTimeInterval(hours * 3600))
    }

    @Test func goodUntilItIsTooOld() {
        // A day, and a quarter of one as grace.
        for (hours, state) in [(0.0, Light.State.ok), (29, .ok), (31, .unknown)] {
            let judged = light([record(.equal)], daily, hours: hours)
            #expect(judged.light.state == state, "after \(hours) h")
            #expect(judged.findings([]).map(\.rule) == (state == .ok ? [] : [VerificationOverdue.name]))
        }
        #expect(light([record(.equal)], daily, hours: 5).light.summary == "equal at level revisions 5 h ago")
    }

    @Test("What was verified while the clock was ahead is of an unknown age, and no proof")
    func madeWhenTheClockWasAhead() async throws {
        let back = -400.0 * 24
        let judged = light([record(.equal)], daily, hours: back)
        #expect(judged.light.state == .unknown && judged.findings([]) == [])
        #expect(
            judged.light.summary
                == "the last verification is of an unknown age: level revisions when the clock was ahead")
        #expect(light([record(.equal)], nil, hours: back).light.state == .off)
        #expect(light([record(.equal)], daily, hours: -30.0 / 3600).light.state == .ok, "clocks are never quite equal")
        // What it has found wrong is wrong still.
        let bad = light([record(.different, missing: 1)], daily, hours: back)
        #expect(bad.light.state == .problem && bad.findings([]).map(\.severity) == [.critical])
        // It becomes overdue all the same, by since when its age is not known.
        for (hours, rules) in [(29.0, []), (31, [VerificationOverdue.name])] as [(Double, [String])] {
            let now = morning.addingTimeInterval(back * 3600)
            var before = PairReport.sample("orders")
            before.lights.verified = Light(
                state: .unknown, since: now.addingTimeInterval(-hours * 3600), summary: "unknown")
            let later = VerifiedLight(
                VerificationHistory([record(.equal)]), verify: daily, pair: .sample("orders"), before: before,
                dueSince: nil, now: now)
            #expect(later.findings([]).map(\.rule) == rules, "after \(hours) h")
        }
    }

    @Test("A verification of the time when the clock was ahead ends no finding, and no pair is due since then only")
    func proofsAndDuesOfTheFuture() async throws {
        let state = try StateDatabase(inMemory: StateMigrations.register)
        let stored = StoredVerifications(state)
        let kept = try await stored.begin(record(.equal))
        let overlay = VerificationOverlay(state, verify: daily)
        let earlier = morning.addingTimeInterval(-400 * 86_400)
        let (proofs, none) = (try await overlay.proofs(at: morning), try await overlay.proofs(at: earlier))
        #expect(proofs.all == [kept.key: morning] && none.all.isEmpty)
        for (noted, expected) in [(morning, morning), (earlier, earlier), (morning, earlier)] {
            try await stored.noteDue([kept.key], at: noted)
            #expect(try await stored.dueSince() == [kept.key: expected])
        }
    }

    @Test("Both sides are the same only where the backup has nothing more either")
    func equalities() async throws {
        for (extra, incremental, isSame) in [(0, false, true), (1, false, false), (0, true, false)] {
            let state = try StateDatabase(inMemory: StateMigrations.register)
            let verdict: Verification.Verdict = extra > 0 ? .different : .equal
            var found = record(verdict, extra: extra)
            found.since = incremental ? morning.addingTimeInterval(-60) : nil
            let kept = try await StoredVerifications(state).begin(found)
            let overlay = VerificationOverlay(state, verify: daily)
            let proofs = try await overlay.proofs(at: morning)
            #expect(proofs.all[kept.key] == (incremental ? nil : morning))
            #expect(proofs.equalities[kept.key] == (isSame ? morning : nil))
        }
    }

    @Test func neverVerified() {
        #expect(light([], nil, hours: 0).light.state == .off)
        #expect(light([], daily, hours: 0).light.state == .unknown)
        #expect(light([], daily, hours: 5, dueSince: morning).findings([]) == [])
        #expect(light([], daily, hours: 40, dueSince: morning).findings([]).map(\.rule) == [VerificationOverdue.name])
    }

    @Test func verifiedByHandWithoutASchedule() {
        #expect(light([record(.equal)], nil, hours: 24).light.state == .ok)
        #expect(light([record(.equal)], nil, hours: 8 * 24).light.state == .off)
        #expect(light([record(.different, missing: 1)], nil, hours: 80 * 24).light.state == .problem)
    }

    @Test func noVerdictIsUnknown() {
        let judged = light([record(.unknown)], daily, hours: 1)
        #expect(judged.light.state == .unknown && judged.light.summary.contains("the backup is behind"))
        #expect(judged.findings([]) == [])
    }

    @Test func differencesAreNamed() throws {
        let found = VerificationDifference(
            Difference(
                id: "lost", kind: .missing, onlyInSource: [try #require(.init("1-00000000000000000000000000000001"))]))
        let judged = light([record(.different, missing: 3)], daily, hours: 1)
        #expect(judged.light.state == .problem)
        let finding = try #require(judged.findings([found]).first)
        #expect(finding.rule == BackupDiffers.name && finding.severity == .critical)
        #expect(finding.summary.contains("3 documents missing from the backup: lost and 2 more"), "\(finding.summary)")
        #expect(finding.next == "couchkeep repair orders")
        let more = light([record(.different, extra: 1)], daily, hours: 1)
        #expect(more.findings([]).first?.severity == .notice && more.light.state == .ok)
        #expect(more.light.summary.hasPrefix("complete, with 1 document that only the backup has"))
    }

    @Test("What only the backup has hides no content that it has lost")
    func lostContentOutweighsWhatOnlyTheBackupHas() {
        var unread = record(.unknown)
        (unread.id, unread.level, unread.share) = (6, .bodies, .all)
        unread.bodies = VerificationRecord.Bodies(BodyReport(), share: .all)
        unread.bodies?.unreadable = 2
        unread.bodies?.unreadableInTarget = 2
        let words = "the backup does not hand out the content of 2 revisions"
        var conflict = record(.different)
        (conflict.counts.otherLeaves, conflict.counts.extraLeaves) = (1, 1)
        for later in [record(.different, extra: 1), conflict, record(.equal)] {
            let judged = light([unread, later], daily, hours: 1)
            #expect(judged.light.state == .problem && judged.light.summary == words, "\(judged.light)")
            #expect(judged.findings([]).map(\.severity) == [.critical])
            #expect(judged.findings([]).first?.summary.hasPrefix(words) == true)
        }
        // What is missing is worse, and is told.
        let hole = light([unread, record(.different, missing: 1, extra: 1)], daily, hours: 1)
        #expect(hole.light.state == .problem && hole.light.summary.contains("1 document missing"), "\(hole.light)")
        #expect(hole.findings([]).first?.summary.contains("1 document missing") == true)
        // Read since: what only the backup has is a notice again.
        var read = unread
        (read.id, read.verdict, read.counts.extra) = (8, .different, 1)
        read.bodies?.unreadable = 0
        read.bodies?.unreadableInTarget = nil
        let mended = light([unread, record(.different, extra: 1), read], daily, hours: 1)
        #expect(mended.light.state == .ok && mended.findings([]).map(\.severity) == [.notice], "\(mended.light)")
    }

    @Test("A conflict that only the backup has takes nothing from it; one that wins there is a warning")
    func conflictsThatOnlyTheBackupHas() {
        func judged(extraLeaves: Int?, winning: Int? = nil) -> VerifiedLight {
            var found = record(.different)
            found.counts.otherLeaves = 2
            (found.counts.extraLeaves, found.counts.winningLeaves) = (extraLeaves, winning)
            #expect(found.isProof == (extraLeaves == 2))
            return light([found], daily, hours: 1)
        }
        let losing = judged(extraLeaves: 2)
        #expect(losing.light.state == .ok && losing.findings([]).first?.severity == .notice)
        #expect(losing.light.summary.hasPrefix("complete, with 2 documents with revisions that only the backup has,"))
        let removal = "couchkeep repair orders --remove-extra --dry-run"
        #expect(losing.findings([]).first?.next == removal)
        let winning = judged(extraLeaves: 2, winning: 1)
        #expect(winning.light.state == .ok && winning.findings([]).first?.severity == .warning)
        #expect(winning.findings([]).first?.next == removal)
        // A record of an older run does not know; and one of two lacks something.
        for extraLeaves in [nil, 1] {
            let lacking = judged(extraLeaves: extraLeaves)
            #expect(lacking.light.state == .problem && lacking.findings([]).first?.severity == .critical)
            #expect(lacking.findings([]).first?.next == "couchkeep repair orders")
        }
    }

    @Test("What was edited at the target is critical, and goes away by a removal, where nothing is missing besides")
    func editsAtTheTarget() {
        var edited = record(.different, extra: 1)
        (edited.counts.otherLeaves, edited.counts.overwrittenLeaves) = (1, 1)
        let judged = light([edited], daily, hours: 1)
        #expect(judged.light.state == .problem && judged.findings([]).first?.severity == .critical)
        #expect(judged.findings([]).first?.next == "couchkeep repair orders --remove-extra --dry-run")
        edited.counts.missing = 1
        #expect(light([edited], daily, hours: 1).findings([]).first?.next == "couchkeep repair orders")
    }

    @Test("Nobody is told to remove from a backup that may be the only copy", arguments: [false, true])
    func nothingIsRemovedFromWhatMayBeTheOnlyCopy(isOnlyCopy: Bool) async throws {
        let state = try StateDatabase(inMemory: StateMigrations.register)
        var found = record(.different)
        (found.counts.otherLeaves, found.counts.extraLeaves, found.counts.winningLeaves) = (1, 1, 1)
        let kept = try await StoredVerifications(state).begin(found)
        let rolledBack = Finding(
            rule: SourceRolledBack.name, severity: .critical, since: morning, summary: "put back", next: "")
        let pair = PairReport.sample("orders", findings: isOnlyCopy ? [rolledBack] : [])
        let shown = try await VerificationOverlay(state, verify: daily).apply(
            to: Report(at: morning, pairs: [pair], servers: [], unprotected: []), before: nil,
            now: morning.addingTimeInterval(3600))
        let told = try #require(shown.pairs.first?.findings.first { $0.rule == BackupDiffers.name })
        let next = isOnlyCopy ? "couchkeep verify show \(kept.id)" : "couchkeep repair orders --remove-extra --dry-run"
        #expect(told.next == next && told.severity == .warning)
    }

    @Test func aFindingThatSaysThatSomethingIsMissingNamesIt() throws {
        let suspicion = Finding(
            rule: TargetRolledBack.name, severity: .critical, since: morning, summary: "put back", next: "")
        let pair = PairReport.sample("orders", findings: [suspicion])
        let found = VerificationDifference(
            Difference(
                id: "lost", kind: .missing, onlyInSource: [try #require(.init("1-00000000000000000000000000000001"))]))
        let judged = light([record(.different, missing: 1)], nil, hours: 1, pair: pair)
        let named = judged.naming(suspicion, [found])
        #expect(named.summary == "put back; missing: lost")
        #expect(judged.naming(named, [found]) == named, "a check tells several times")
        #expect(judged.naming(named, []) == suspicion, "it is there by now")
        #expect(judged.findings([found]).first?.cause == "target-rolled-back @ orders")
        var later = suspicion
        later.since = morning.addingTimeInterval(60)
        #expect(judged.naming(later, [found]) == later, "the comparison is older than what it is to explain")
    }

    @Test("What was verified of a backup that was lost or put back since is neither good nor off")
    func ofALostBackup() {
        func lost(_ verify: VerifyConfiguration?, hours: Double, from: Double = 0.5) -> VerifiedLight {
            let span = EvidenceSpan(from: morning.addingTimeInterval(from * 3600))
            return VerifiedLight(
                VerificationHistory([record(.equal)], within: span), verify: verify, pair: .sample("orders"),
                before: nil,
                dueSince: morning, now: morning.addingTimeInterval(hours * 3600))
        }
        for verify in [nil, daily] {
            let light = lost(verify, hours: 1).light
            #expect(
                light.state == .unknown && light.summary.contains("before the backup was put back or lost"), "\(light)")
            #expect(lost(verify, hours: 1, from: -1).light.state == .ok, "it was verified since")
        }
        #expect(lost(nil, hours: 8 * 24).light.state == .off, "it would not be shown as good any more")
        #expect(lost(daily, hours: 8 * 24).light.state == .unknown)
        let overdue = lost(daily, hours: 40).findings([]).first?.summary
        #expect(overdue == "the pair was not verified since the backup was put back or lost", "\(overdue ?? "")")
    }

    @Test("What was verified against a source that was replaced since is not good, whatever the backup is")
    func ofAReplacedSource() {
        func light(sourceFrom hours: Double, from: Double? = nil) -> Light {
            let span = EvidenceSpan(
                from: from.map { morning.addingTimeInterval($0 * 3600) },
                sourceFrom: morning.addingTimeInterval(hours * 3600))
            return VerifiedLight(
                VerificationHistory([record(.equal)], within: span), verify: daily, pair: .sample("orders"),
                before: nil, dueSince: morning, now: morning.addingTimeInterval(3600)
            ).light
        }
        #expect(light(sourceFrom: 0.5).state == .unknown)
        #expect(light(sourceFrom: 0.5).summary == "what was verified was before the source was replaced or put back")
        #expect(light(sourceFrom: 0.5, from: 0.6).summary.contains("the backup was put back or lost"))
        #expect(light(sourceFrom: -1).state == .ok, "it was verified since")
    }

    @Test("What counts of each backup, by its target, in the vault and on a server")
    func spans() throws {
        let configuration = try Samples.read(
            """
            servers: { a: { url: "http://a:5984" }, b: { url: "https://b/couch/" } }
            pairs: [{ source: a, target: b, databases: ["*"] }]
            """
        ).configuration
        func memory(_ database: String, from hours: Double?, source: Double? = nil) -> PairMemory {
            var memory = PairMemory()
            memory.sourceEvidenceFrom = source.map { morning.addingTimeInterval($0 * 3600) }
            memory.target = DatabaseAddress(server: "b", database: database)
            memory.evidenceFrom = hours.map { morning.addingTimeInterval($0 * 3600) }
            return memory
        }
        var vault = VaultMemory()
        vault.evidence = EvidenceSpan(from: morning)
        vault.source.sourceEvidenceFrom = morning.addingTimeInterval(60)
        let spans = BackupEvidence.spans(
            vault: ["vault:orders": vault],
            pairs: [
                memory("a/b", from: 2), memory("a/b", from: 1), memory("well", from: nil),
                memory("new", from: nil, source: 1),
            ], configuration)
        #expect(
            spans == [
                "vault:orders": EvidenceSpan(from: morning, sourceFrom: morning.addingTimeInterval(60)),
                "https://b/couch/a%2Fb": EvidenceSpan(from: morning.addingTimeInterval(7200)),
                "https://b/couch/new": EvidenceSpan(sourceFrom: morning.addingTimeInterval(3600)),
            ])
    }
}
