import CouchDB
import Foundation
import Replication
import Supervision

/// Says from a pair's verifications what its light Verified is, and what is to be told.
package struct VerifiedLight: Sendable {
    private let history: VerificationHistory
    private let verify: VerifyConfiguration?
    private let pair: PairReport
    /// Since when the pair is to be verified, where that is known.
    private let dueSince: Date?
    /// What the last report said of the pair.
    private let before: PairReport?
    /// Why nothing may be removed from the backup now.
    private let hold: RemovalHold?
    private let now: Date

    /// Where no schedule is configured, what somebody verified by hand is shown as good for so long.
    static let goodWithoutSchedule: TimeInterval = 7 * 86_400
    /// How many documents a finding names.
    static let named = 5

    package init(
        _ history: VerificationHistory, verify: VerifyConfiguration?, pair: PairReport, before: PairReport?,
        dueSince: Date?, hold: RemovalHold? = nil, now: Date
    ) {
        (self.history, self.verify, self.pair, self.before) = (history, verify, pair, before)
        (self.dueSince, self.hold, self.now) = (dueSince, hold, now)
    }

    /// How old the last verification may be; nil where none is configured.
    static func limit(_ verify: VerifyConfiguration?) -> TimeInterval? {
        guard let interval = verify?.shortestInterval else { return nil }
        // A check that comes a little late is no reason for an alarm.
        return interval + max(3600, interval / 4)
    }

    /// How old what it says is; nil where the clock was ahead then.
    private func age(_ record: VerificationRecord) -> TimeInterval? {
        (record.asOf ?? record.endedAt ?? record.startedAt).age(at: now)
    }

    private func isKnown(_ record: VerificationRecord, toBeWithin limit: TimeInterval) -> Bool {
        age(record).map { $0 <= limit } ?? false
    }

    /// The light.
    package var light: Light {
        let (state, summary) = state
        let before = before?.lights.verified
        return Light(
            state: state, since: state == .off ? nil : before?.state == state ? min(before?.since ?? now, now) : now,
            summary: summary)
    }

    private var state: (Light.State, String) {
        let limit = Self.limit(verify)
        if let impossible { return (.unknown, impossible.summary) }
        guard let last = history.last else {
            if let lost = history.takenBack {
                // What would be shown as good for so long is not nothing.
                let isOff = limit == nil && !isKnown(lost, toBeWithin: Self.goodWithoutSchedule)
                return (
                    isOff ? .off : .unknown, "what was verified was before \(history.takenBackBy)" + unfinished
                )
            }
            if limit == nil { return (.off, "no verification is configured") }
            return (.unknown, "it was never verified" + unfinished)
        }
        if let unread { return (.problem, Self.words(unread: unread)) }
        if let bad = difference, !bad.hasFoundAll { return (.problem, words(bad)) }
        let when = age(last).map { "\(Wording.duration($0)) ago" } ?? "when the clock was ahead"
        let text = "\(last.level.rawValue)\(share(last)) \(when)"
        if last.verdict == .unknown {
            guard limit != nil else { return (.off, "the last verification came to no verdict: \(last.reason ?? "")") }
            return (.unknown, "the last verification came to no verdict: \(last.reason ?? "unknown")")
        }
        guard let limit else {
            return isKnown(last, toBeWithin: Self.goodWithoutSchedule)
                ? (.ok, "\(good(last)) at level \(text)")
                : (.off, "\(good(last)) at level \(text); no verification is configured")
        }
        if isKnown(last, toBeWithin: limit) { return (.ok, "\(good(last)) at level \(text)") }
        let why = age(last) == nil ? "is of an unknown age" : "is too old"
        return (.unknown, "the last verification \(why): level \(text)" + unfinished)
    }

    /// What only the backup has takes nothing from what it has of the source.
    private func good(_ record: VerificationRecord) -> String {
        guard record.verdict == .different else { return "equal" }
        let counts = record.counts
        let more = [
            (counts.extra, "that only the backup has"),
            (counts.extraLeaves ?? 0, "with revisions that only the backup has"),
        ].filter { $0.0 > 0 }.map { "\(Wording.documents($0.0)) \($0.1)" }
        return "complete, with \(more.joined(separator: " and ")),"
    }

    private var unfinished: String {
        history.resumable.map { "; number \($0.id) is unfinished: \($0.reason ?? "")" } ?? ""
    }

    /// The verification whose difference is still there, as far as is known.
    package var difference: VerificationRecord? {
        if let content = history.openContentDifference { return content }
        return history.lastKnown.flatMap { $0.verdict == .different ? $0 : nil }
    }

    private func share(_ record: VerificationRecord) -> String {
        guard case .part(let part, let count) = record.share else { return "" }
        return " (\(part + 1) of \(count))"
    }

    private func words(_ record: VerificationRecord) -> String {
        let counts = record.counts
        let parts = [
            (counts.missing, "missing from the backup"),
            (counts.otherLeaves - (counts.extraLeaves ?? 0), "with other revisions"),
            (counts.bodyDiffers, "with other content"), (counts.attachmentDiffers, "with other attachments"),
            (counts.extra, "that only the backup has"),
            (counts.extraLeaves ?? 0, "with revisions that only the backup has"),
        ].filter { $0.0 > 0 }
        return parts.map { "\(Wording.documents($0.0)) \($0.1)" }.joined(separator: ", ")
    }

    /// What is to be told.
    ///
    /// - Parameter first: the first differences of ``difference``.
    package func findings(_ first: [VerificationDifference]) -> [Finding] {
        let found =
            unread.map(unreadContent) ?? difference.map { differs($0, Array(first.prefix(Self.named))) }
        return [found, overdue].compactMap(\.self)
    }

    /// The verification to which the backup did not hand out content; nil where more is known to be wrong than that.
    ///
    /// What only the backup has is not: it must not hide content that is lost.
    private var unread: VerificationRecord? {
        if let counts = difference?.counts, counts.different > 0, !counts.isOnlyMore { return nil }
        return history.openUnreadContent
    }

    private static func words(unread record: VerificationRecord) -> String {
        "the backup does not hand out the content of \(Wording.revisions(record.bodies?.unreadable ?? 0))"
    }

    private func unreadContent(_ record: VerificationRecord) -> Finding {
        Finding(
            rule: BackupDiffers.name, severity: .critical, since: since(BackupDiffers.name),
            summary: Self.words(unread: record) + (record.reason.map { ": \($0)" } ?? ""),
            evidence: [
                "verification": .integer(Int64(record.id)),
                "unreadable": .integer(Int64(record.bodies?.unreadable ?? 0)),
            ],
            next: VaultPair.backup(of: pair.target).map { "couchkeep vault repair \(ShellWord.quoted($0)) --from URL" }
                ?? "couchkeep verify show \(record.id)")
    }

    private func differs(_ record: VerificationRecord, _ first: [VerificationDifference]) -> Finding {
        let counts = record.counts
        let names = first.map { LineText.escaped($0.id) }.joined(separator: ", ")
        let more = counts.different > first.count ? " and \(Wording.number(counts.different - first.count)) more" : ""
        // It has all that the source has, and shows something else.
        let isOtherwise = record.hasFoundAll && (counts.winningLeaves ?? 0) > 0
        let helpful = DifferenceRemedy(record)
        let remedy: DifferenceRemedy? = helpful == .removing && hold != nil ? nil : helpful
        // It is about one of those that are named.
        let cause = first.lazy.compactMap { difference in
            difference.explanation.map { first.count > 1 ? "\(LineText.escaped(difference.id)): \($0)" : $0 }
        }.first
        return Finding(
            rule: BackupDiffers.name, severity: !record.hasFoundAll ? .critical : isOtherwise ? .warning : .notice,
            since: since(BackupDiffers.name),
            summary: "a verification found \(words(record)): \(names)\(more)" + (cause.map { ". \($0)" } ?? ""),
            evidence: [
                "verification": .integer(Int64(record.id)), "level": .string(record.level.rawValue),
                "missing": .integer(Int64(counts.missing)), "extra": .integer(Int64(counts.extra)),
                "otherLeaves": .integer(Int64(counts.otherLeaves)),
                "extraLeaves": .integer(Int64(counts.extraLeaves ?? 0)),
                "bodyDiffers": .integer(Int64(counts.bodyDiffers)),
                "attachmentDiffers": .integer(Int64(counts.attachmentDiffers)),
                "first": .array(first.map { .string($0.id) }),
            ],
            next: remedy?.command(for: pair.pair) ?? "couchkeep verify show \(record.id)",
            cause: pair.findings.first { Self.suspicious.contains($0.rule) }
                .map { Finding.fingerprint(rule: $0.rule, subject: pair.pair) })
    }

    /// The rules that say that something may be missing: a comparison names it.
    static let suspicious: Set<String> = [
        TargetRolledBack.name, WritesRefused.name, CountsDiffer.name, ReplicationTransient.name,
    ]

    /// Whether one of them says so of a pair.
    static func isSuspected(_ pair: PairReport) -> Bool {
        pair.findings.contains { suspicious.contains($0.rule) }
    }

    /// A finding that said that something is missing, with the names of what a later comparison has found missing, in the
    /// place of those that it has already.
    ///
    /// - Parameter first: the first differences.
    package func naming(_ finding: Finding, _ first: [VerificationDifference]) -> Finding {
        var finding = Self.unnamed(finding)
        let missing = first.filter { !$0.revisions.isEmpty }.prefix(Self.named).map { LineText.escaped($0.id) }
        guard Self.suspicious.contains(finding.rule), let difference, !missing.isEmpty,
            difference.startedAt >= finding.since
        else { return finding }
        let count = difference.counts.lacking
        let more = count > missing.count ? " and \(Wording.number(count - missing.count)) more" : ""
        finding.summary += "\(Self.naming)\(missing.joined(separator: ", "))\(more)"
        finding.evidence["missingDocuments"] = .array(missing.map { .string($0) })
        finding.evidence["verification"] = .integer(Int64(difference.id))
        return finding
    }

    private static let naming = "; missing: "

    /// A finding as it was before documents were named.
    private static func unnamed(_ finding: Finding) -> Finding {
        guard finding.evidence["missingDocuments"] != nil, let names = finding.summary.range(of: naming) else {
            return finding
        }
        var finding = finding
        finding.summary.removeSubrange(names.lowerBound...)
        (finding.evidence["missingDocuments"], finding.evidence["verification"]) = (nil, nil)
        return finding
    }

    /// That the key can't read what is to be compared.
    private var impossible: Finding? {
        Self.limit(verify) == nil ? nil : pair.findings.first { $0.rule == VerificationImpossible.name }
    }

    private var overdue: Finding? {
        guard let limit = Self.limit(verify), impossible == nil else { return nil }
        let known = history.lastKnown
        // Where the age of what is known is not, it is as old as the light that says so at least.
        guard
            let elapsed = known.map({ age($0) ?? now.timeIntervalSince(light.since ?? now) })
                ?? dueSince.map({ now.timeIntervalSince($0) }), elapsed > limit
        else { return nil }
        let last =
            if let known {
                age(known) == nil
                    ? "the last verification with a verdict was made when the clock was ahead"
                    : "the last verification with a verdict is \(Wording.duration(elapsed)) old"
            } else {
                history.takenBack == nil
                    ? "the pair was never verified" : "the pair was not verified since \(history.takenBackBy)"
            }
        let why = history.last.flatMap { $0.verdict == .unknown ? $0.reason : nil }
        return Finding(
            rule: VerificationOverdue.name, severity: .warning, since: since(VerificationOverdue.name),
            summary: last + (why.map { "; later ones came to none: \($0)" } ?? unfinished),
            evidence: ["limitSeconds": .integer(Int64(limit))],
            next: history.resumable.map { "couchkeep verify resume \($0.id)" }
                ?? "couchkeep verify \(ShellWord.quoted(pair.pair))")
    }

    private func since(_ rule: String) -> Date { before?.since(rule) ?? now }
}

extension VerifyConfiguration {
    /// The shortest time between two verifications that is configured; nil where none is.
    package var shortestInterval: TimeInterval? {
        [revisions?.seconds, bodies?.frequency.seconds].compactMap { $0 }.min()
    }
}

extension VerifyConfiguration.Bodies.Frequency {
    /// The time between two, in seconds.
    package var seconds: TimeInterval {
        switch self {
        case .hourly: 3600
        case .daily: 86_400
        case .weekly: 7 * 86_400
        case .monthly: 30 * 86_400
        }
    }
}
