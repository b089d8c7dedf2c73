import Backup
import CouchDB
import Foundation
import Replication
import Supervision
import Vault

/// What was found of one backup in the vault, from which its lights and findings follow.
struct VaultState: Sendable {
    /// A backup that may soon end what is found now.
    enum Awaited: Sendable, Hashable {
        /// The one that this check makes next.
        case own
        /// The one that another process is at, in words.
        case other(String)
    }

    var pair: VaultPair
    /// When it was looked at.
    var at: Date
    /// When the pair was first looked at; nil where that is not known.
    var pairSince: Date?
    /// The backup that is awaited; nil where what is found is how it is.
    var awaited: Awaited?
    /// What is in the vault.
    var backup = SeenBackup.unknown
    /// What the rules about its source say, and whether the backup was lost: no backup ends that.
    var standing: [Finding] = []
    /// Whether verifications are wanted that the key can't make.
    var isUnreadable = false
    /// The newest moment; nil where there is none.
    var newest: Moment?
    /// Since when that one is known to be there; nil where that is not known.
    var newestSince: Date?
    /// That a later run found nothing new; nil where there was none.
    var confirmation: Confirmation?
    /// What the source has changed since, nil where that can't be known.
    var pending: Int?
    /// What the source said of itself before the backup that was just made, where that read everything and found nothing new.
    var quietPicture: QuietSource.Picture?
    /// Whether the source says that nothing was written to it since such a backup, so that none is made.
    var isQuiet = false
    /// What the backup that was just made has found damaged; nil where nothing, or none was made.
    var damage: DamagedState?
    /// The settings that the source did not hand out to the backup that was just made.
    var unread: [UnreadSetting] = []
    /// What the backup that was just made could not copy, the first of it.
    var refusal: Refusal?
    /// Why what the backup that was just made has read may lack something, in words; nil where it may not, or none was made.
    var hiding: String?
    /// Why the backup failed, or can't be read; nil where all went well, or nothing was tried.
    var failure: VaultPairFailure?
    /// Why the source could not be asked what has changed.
    var unseen: VaultPairFailure?

    /// Takes in that a backup or a look failed; that another process writes is no failure.
    mutating func note(_ failure: VaultPairFailure) {
        if failure.isOtherAtWork {
            awaited = .other(failure.what)
        } else {
            self.failure = self.failure ?? failure
        }
    }

    /// Takes in what is in the vault.
    ///
    /// - Parameter onlyWrites: whether verifications are wanted with a key that can't make them.
    mutating func take(_ backup: VaultVisit.Backup, onlyWrites: Bool) {
        (self.backup, confirmation) = (backup.seen, backup.confirmation)
        if case .present(_, let moments, _, _) = backup.seen { newest = moments.last }
        isUnreadable = onlyWrites && backup.isEncrypted
    }

    /// Takes in what a backup has come to.
    ///
    /// - Parameter info: what the source said of itself before.
    mutating func take(_ report: BackupReport, of info: DatabaseInfo) {
        (damage, hiding, unread) = (report.damage, report.nodesAway?.hiding, report.unread)
        refusal = report.replication.refusals.first
        let hadNothingToDo =
            !report.isNew && !report.isIncomplete && !report.replication.isIncomplete && report.unread.isEmpty
            && report.markFailure == nil && report.damage == nil && report.nodesAway == nil
        quietPicture = hadNothingToDo ? QuietSource.Picture(info) : nil
    }

    /// Takes in that the source says of itself what it said when a backup had nothing to do.
    ///
    /// Where what is in the vault was set aside since, or begun anew, the note of that backup is gone, and another one has to be
    /// made.
    mutating func take(_ quiet: QuietSource.Backup) {
        guard failure == nil, confirmation != nil,
            case .present(quiet.uuid, let moments, let damaged, .some) = backup, damaged.isEmpty,
            let newest = moments.last, newest.number == quiet.moment, newest.isComplete
        else { return }
        (isQuiet, pending) = (true, 0)
        confirmation?.time = at
    }

    /// Adds findings to those that stand.
    mutating func stand(_ findings: Finding?...) {
        standing += findings.compactMap(\.self).map { VaultSource.worded($0, for: pair) }
    }

    /// The backup that a dry run leaves out; nil where there is nothing to copy, it can't be copied, or another process copies it.
    ///
    /// - Parameter isLossKnown: whether there was a backup which is gone.
    func planned(isLossKnown: Bool) -> RepairRecord? {
        guard awaited == nil, failure == nil, unseen == nil, backup != .unknown else { return nil }
        let detail: String
        switch (newest, pending) {
        case (nil, _): detail = "make \(isLossKnown ? "another" : "the first") backup in the vault"
        case (let newest?, 0) where !newest.isComplete: detail = "try again what the newest moment in the vault lacks"
        case (_, 0): return nil
        case (_, let pending): detail = "copy \(pending.map(Wording.changes) ?? "what has changed") into the vault"
        }
        return RepairRecord(action: "back-up", at: at, result: .planned, detail: detail, rule: "schedule")
    }

    /// The pair's report.
    ///
    /// - Parameter before: the pair's last report.
    func report(before: PairReport?) -> PairReport {
        let now = at
        let (told, waiting) = parted(found(at: now, before: before), at: now, before: before)
        let findings = standing + told
        return PairReport(
            pair: pair.name, source: pair.database.url, target: pair.target, mode: pair.mode,
            lights: Lights(
                replicating: replicating(findings, waiting, at: now, before: before?.lights.replicating),
                verified: Light(state: .off, since: nil, summary: "no verification is configured"),
                restorable: Light(state: .off, since: nil, summary: "no drill is configured")),
            lag: Lag(changes: pending, seconds: pending == 0 ? 0 : pending == nil ? nil : leastAge.map { Int($0) }),
            findings: findings + unreadable(before: before), repairs: [])
    }

    private func unreadable(before: PairReport?) -> [Finding] {
        guard isUnreadable else { return [] }
        let since = before?.since(VerificationImpossible.name) ?? at
        return [VerificationImpossible.finding(since: since)]
    }

    /// How long ago the source was last read to its end; nil where the clock was ahead then, or it never was.
    private var age: TimeInterval? {
        confirmation?.time.age(at: at) ?? newest?.time.age(at: at)
    }

    /// How long ago that was at least: a moment is no younger than what is known of it.
    private var leastAge: TimeInterval? {
        newest == nil ? age : age ?? newestSince?.age(at: at)
    }

    /// The rules whose findings a backup may end.
    static let endedByBackup: Set<String> = [
        BackupFailed.name, BackupIncomplete.name, BackupBehind.name, Blind.name,
    ]

    /// The rules about the backup in the vault that a look at it decides anew.
    static let rules = endedByBackup.union([BackupRunning.name])

    /// The rules whose findings stay whatever a backup comes to, until somebody has seen to them.
    static let standingRules = Set(VaultSource.rules.map { $0.name }).union(ofBackup)

    /// The ones of them that are about the backup.
    static let ofBackup: Set<String> = [BackupLost.name, BackupDamaged.name]

    /// All rules that a look at such a pair goes by.
    static let allRules = rules.union(standingRules).union([VerificationImpossible.name])

    /// What the alerts about the pair's backup are known by.
    static func fingerprints(of pair: String) -> Set<String> {
        Set(endedByBackup.union([BackupDamaged.name]).map { Finding.fingerprint(rule: $0, subject: pair) })
    }

    /// Parts what is to be told from what waits for the backup that is awaited.
    ///
    /// What was told before stays told, and does not grow worse, until a backup has been tried. What a server explains
    /// that can't be reached is told with it.
    private func parted(
        _ found: [Finding], at now: Date, before: PairReport?
    ) -> (told: [Finding], waiting: [Finding]) {
        guard let awaited else { return (found, []) }
        let known = (before?.findings ?? []).filter { Self.rules.contains($0.rule) && $0.cause == nil }
        // Only a backup shows that the last failure is over.
        var told = known.filter { $0.rule == BackupFailed.name }
        var running = known.first { $0.rule == BackupRunning.name }
        var hasWaited = false
        if case .other(let words) = awaited {
            running = Finding(
                rule: BackupRunning.name, severity: .notice, since: min(running?.since ?? now, now),
                summary: "this check has made no backup: \(words)", next: "couchkeep explain \(BackupRunning.name)")
            hasWaited = now.timeIntervalSince(running?.since ?? now) >= pair.thresholds.lagWarning
        }
        var waiting: [Finding] = []
        for var finding in found where !told.contains(where: { $0.rule == finding.rule }) {
            if hasWaited || finding.cause != nil {
                told.append(finding)
            } else if let earlier = known.first(where: { $0.rule == finding.rule }) {
                finding.severity = min(finding.severity, earlier.severity)
                told.append(finding)
            } else {
                waiting.append(finding)
            }
        }
        return (told + [running].compactMap(\.self), waiting)
    }

    private func replicating(
        _ findings: [Finding], _ waiting: [Finding], at now: Date, before: Light?
    ) -> Light {
        func light(_ state: Light.State, _ summary: String) -> Light {
            Light(state: state, since: before?.state == state ? before?.since : now, summary: summary)
        }
        let bad = findings.filter(\.isProblem)
        if let worst = bad.first(where: { $0.severity == .critical }) ?? bad.first {
            return light(.problem, worst.summary)
        }
        if let blind = findings.first(where: { $0.rule == Blind.name }) { return light(.unknown, blind.summary) }
        let doing: String? =
            switch awaited {
            case .own: "this check backs it up now"
            case .other(let words): words
            case nil: nil
            }
        if let waiting = waiting.first { return light(.unknown, "\(waiting.summary); \(doing ?? "")") }
        let untold = unread.map(\.part.rawValue).joined(separator: ", ")
        let suffix = (untold.isEmpty ? "" : "; \(untold) could not be read") + (doing.map { "; \($0)" } ?? "")
        guard let newest else { return light(.unknown, "there is no backup yet\(suffix)") }
        guard let pending else { return light(.unknown, "what has changed since the last moment is not known") }
        let made = newest.time.age(at: now).map { "\(Wording.duration($0)) old" } ?? "made when the clock was ahead"
        var moment = "moment #\(newest.number), \(made)"
        if let confirmed = confirmation?.time.age(at: now) {
            moment += ", confirmed \(Wording.duration(confirmed)) ago"
        }
        if pending == 0 { return light(.ok, "caught up, \(moment)\(suffix)") }
        // Whether those are late, nobody knows yet.
        return light(age == nil ? .unknown : .ok, "\(Wording.changes(pending)) since \(moment)\(suffix)")
    }

    private func found(at now: Date, before: PairReport?) -> [Finding] {
        func finding(
            _ rule: any Rule.Type, _ severity: Finding.Severity, _ summary: String,
            evidence: [String: JSONValue] = [:], next: String, cause: String? = nil
        ) -> Finding {
            Finding(
                rule: rule.name, severity: severity,
                since: min(before?.since(rule.name) ?? now, now), summary: summary,
                evidence: evidence, next: next, cause: cause)
        }
        var findings: [Finding] = []
        if let failure {
            findings.append(
                finding(
                    BackupFailed.self, .critical, "the backup into the vault failed: \(failure)",
                    evidence: failure.code.map { ["code": .string($0)] } ?? [:],
                    next: failure.next ?? "couchkeep explain \(BackupFailed.name)", cause: failure.cause))
        }
        if let unseen = unseen ?? (failure?.side == .source ? failure : nil) {
            findings.append(
                finding(
                    Blind.self, .warning, "the source could not be asked what has changed: \(unseen)",
                    next: unseen.next ?? "couchkeep explain \(Blind.name)", cause: unseen.cause))
        }
        guard let newest else {
            // What is gone was there, and what has failed is told with its reason.
            guard failure == nil, backup != .unknown, !standing.contains(where: { $0.rule == BackupLost.name }),
                let pairSince, let severity = severity(pending: nil, age: now.timeIntervalSince(pairSince))
            else { return findings }
            findings.append(
                finding(
                    BackupBehind.self, severity,
                    "there is no backup of it in the vault, \(Wording.duration(now.timeIntervalSince(pairSince))) after the pair was "
                        + "first seen", next: "couchkeep backup"))
            return findings
        }
        if !newest.isComplete {
            let missing = Wording.revisions(newest.setAside)
            // What the backup has told of that moment is known no more when it is looked at again.
            let told = before?.findings.first {
                $0.rule == BackupIncomplete.name && $0.evidence["moment"] == .integer(Int64(newest.number))
            }
            findings.append(
                finding(
                    BackupIncomplete.self, .critical,
                    lack(of: newest) ?? told?.summary
                        ?? (newest.setAside > 0
                            ? "\(missing) of the source could not be copied into the vault"
                            : "the newest moment in the vault was not read to its end, or nodes of its source were away"),
                    evidence: ["moment": .integer(Int64(newest.number)), "setAside": .integer(Int64(newest.setAside))],
                    next: "couchkeep explain \(BackupIncomplete.name)"))
        }
        let least = leastAge ?? 0
        if let pending, let severity = severity(pending: pending, age: least) {
            let ago = "\(Wording.duration(least)) ago" + (age == nil ? " or earlier, when the clock was ahead" : "")
            findings.append(
                finding(
                    BackupBehind.self, severity,
                    "\(Wording.changes(pending)) of the source are not in the vault, which was last brought up to it "
                        + ago,
                    evidence: ["moment": .integer(Int64(newest.number)), "pending": .integer(Int64(pending))],
                    next: "couchkeep backup"))
        }
        return findings
    }

    /// What the backup that was just made tells of a moment that lacks something, in words; nil where it tells nothing.
    private func lack(of moment: Moment) -> String? {
        guard moment.setAside > 0 else {
            return hiding.map { "the newest moment in the vault may lack acknowledged writes: \($0)" }
        }
        return refusal.map {
            "\(Wording.revisions(moment.setAside)) of the source could not be copied into the vault: "
                + LineText.escaped(RefusalText.text($0))
        }
    }

    /// How bad it is to be so far behind; nil where it isn't.
    ///
    /// - Parameter pending: nil where all is.
    private func severity(pending: Int?, age: TimeInterval) -> Finding.Severity? {
        func isBeyond(_ time: TimeInterval, _ changes: Int?) -> Bool {
            age >= time || changes.map { pending ?? 0 >= $0 } ?? false
        }
        let limits = pair.thresholds
        if pending == 0 { return nil }
        if isBeyond(limits.lagCritical, limits.lagChangesCritical) { return .critical }
        return isBeyond(limits.lagWarning, limits.lagChangesWarning) ? .warning : nil
    }
}
