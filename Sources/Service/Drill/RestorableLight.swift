import Backup
import CouchDB
import Foundation
import Supervision

/// What drills say of a backup: the Restorable light and its finding.
struct RestorableLight {
    /// The drills of one backup, the newest first.
    let drills: [DrillReport]
    let now: Date
    /// Whether there were others, of a backup that is not there any more.
    let isOfLostBackup: Bool

    /// From this age on a drill says nothing of now any more.
    static let trusted: TimeInterval = 30 * 86400

    /// The newest one that says of its backup whether it comes back as it is.
    private var compared: DrillReport? { drills.first { [.equal, .different].contains($0.verdict) } }

    /// The newest one with a verdict: one that came to no end takes nothing back. That a copy of a moment which lacks
    /// something equals it ends no difference that was found before.
    private var decided: DrillReport? {
        if let compared, compared.verdict == .different { return compared }
        return drills.first { $0.verdict != .unknown }
    }

    /// - Parameter evidence: which drills are about the backup that there is now; nil where all are.
    init(drills: [DrillReport], within evidence: EvidenceSpan? = nil, now: Date) {
        self.drills = drills.filter { evidence?.covers($0.at) ?? true }
        isOfLostBackup = self.drills.isEmpty && !drills.isEmpty
        self.now = now
    }

    /// The light; nil where nothing was ever rehearsed.
    var light: Light? {
        guard let newest = drills.first else {
            guard isOfLostBackup else { return nil }
            return Light(
                state: .unknown, since: nil, summary: "what was rehearsed was before the backup was put back or lost")
        }
        guard let decided else {
            return Light(
                state: .unknown, since: min(newest.at, now),
                summary: "the drill came to no end: \(newest.reason ?? "unknown")")
        }
        let age = decided.at.age(at: now)
        let when = age.map { "\(Wording.duration($0)) ago" } ?? "when the clock was ahead"
        let text = "\(Self.what(decided)), \(when)"
        func told(_ state: Light.State, _ words: String) -> Light {
            Light(state: state, since: min(decided.at, now), summary: "\(text): \(words)")
        }
        switch decided.verdict {
        case .equal:
            guard let age else { return told(.unknown, "equal, and how long ago is not known") }
            return age <= Self.trusted ? told(.ok, "equal") : told(.unknown, "equal, which is too long ago")
        case .incomplete: return told(.unknown, "equal, but \(decided.lacking ?? "incomplete")")
        case .different, .unknown: return told(.problem, Self.wrong(decided))
        }
    }

    /// The finding; nil where nothing is known to be wrong.
    var finding: Finding? {
        guard let decided, decided.verdict == .different else { return nil }
        var evidence: [String: JSONValue] = [
            "at": .string(decided.at.formatted(.iso8601)), "place": .string(decided.place),
            "differing": .integer(Int64(decided.differing)),
        ]
        if let moment = decided.moment { evidence["moment"] = .integer(Int64(moment)) }
        if let problem = decided.problems.first { evidence["first"] = .string("“\(problem.id)”: \(problem.reason)") }
        return Finding(
            rule: DrillFailed.name, severity: .critical, since: min(decided.at, now),
            summary: "a rehearsed restore differs from the backup: \(Self.wrong(decided))", evidence: evidence,
            next: "couchkeep explain \(DrillFailed.name)")
    }

    private static func what(_ drill: DrillReport) -> String {
        let source = drill.moment.map { "moment #\($0)" } ?? "the backup"
        return "\(source) restored in \(Wording.duration(drill.restoreSeconds))"
    }

    private static func wrong(_ drill: DrillReport) -> String {
        drill.reason ?? Wording.differing(drill.differing)
    }
}

extension Report {
    /// The report with what drills say of its pairs, in the place of what earlier ones said.
    ///
    /// - Parameter evidence: which drills count, for backups of which some may be about another one; by target.
    func showing(
        drills: [String: [DrillReport]], evidence: [String: EvidenceSpan] = [:], at now: Date
    ) -> Report {
        let pairs = pairs.map { pair in
            var pair = pair
            pair.findings.removeAll { $0.rule == DrillFailed.name }
            guard pair.mode != .off else { return pair }
            let restorable = RestorableLight(
                drills: drills[pair.target] ?? [], within: evidence[pair.target], now: now)
            if let light = restorable.light { pair.lights.restorable = light }
            if let finding = restorable.finding { pair.findings.append(finding) }
            return pair
        }
        return Report(at: at, pairs: pairs, servers: servers, unprotected: unprotected, channels: channels)
    }
}
