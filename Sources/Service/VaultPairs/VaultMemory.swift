import CouchDB
import Foundation
import Supervision
import Vault

/// What is remembered of a pair whose target is the vault.
struct VaultMemory: Sendable, Hashable, Codable {
    /// That a backup which was there is gone.
    struct Loss: Sendable, Hashable, Codable {
        /// When that was seen.
        var since: Date
        var backup: BackupMark
    }

    /// That the backup was found damaged, and mended with what the source still has.
    struct Damage: Sendable, Hashable, Codable {
        var since: Date
        /// What was damaged, in words.
        var what: String
        /// The moment that has all again.
        var mendedBy: Int
        /// Whether older moments lack it for good.
        var isLost: Bool
    }

    /// What is remembered of its source, as for pairs between two servers.
    var source = PairMemory()
    /// The backup as it was last seen; nil where there was none.
    var backup: BackupMark?
    /// Since when its newest moment is known to be there, whatever the clock said when that was made.
    var backupSince: Date?
    /// Stays until the backup is there again, or somebody accepts its loss.
    var loss: Loss?
    /// Stays until somebody has seen to it.
    var damage: Damage?
    /// The source as it was at a backup that had nothing to do; nil where the last one had, and where it can't be known again.
    var quiet: QuietSource?
    /// The drills and verifications that speak of the backup that there is now.
    var evidence = EvidenceSpan()

    /// Whether it was ever told that a backup was gone: a new one in its place hides nothing then.
    var knowsLoss: Bool { loss != nil || evidence.from != nil }

    /// Takes in what a look found in the vault.
    mutating func advance(_ seen: SeenBackup, at now: Date) {
        evidence.clamp(to: now)
        guard seen != .unknown else { return }
        let isKnown = seen.newest.map { $0.uuid == backup?.uuid && $0.moment == backup?.moment } ?? false
        backupSince = isKnown ? min(backupSince ?? now, now) : now
        if let loss, seen.holds(loss.backup) {
            evidence = EvidenceSpan(foreign: DateInterval(start: min(loss.since, now), end: now))
            self.loss = nil
        } else if let backup, !seen.holds(backup) {
            loss = loss ?? Loss(since: now, backup: backup)
            evidence = EvidenceSpan(from: now)
        }
        backup = seen.newest
    }

    /// Takes in how a backup has ended.
    mutating func noteQuiet(_ state: VaultState) {
        guard let picture = state.quietPicture, let newest = state.backup.newest else {
            quiet = nil
            return
        }
        quiet = QuietSource(
            picture: picture, backup: QuietSource.Backup(at: state.at, moment: newest.moment, uuid: newest.uuid))
    }

    /// Takes in that the backup has found its source to be another one, or to have gone back, where no rule has seen it.
    ///
    /// The mark that a backup leaves in its source shows what counts don't.
    ///
    /// - Parameter known: the backup as it was known before.
    /// - Returns: the finding, which stays as the rule's own does; nil where nothing new is found.
    mutating func noteEpoch(_ seen: SeenBackup, since known: BackupMark?, at now: Date) -> Finding? {
        guard let reason = known.flatMap(seen.newEpoch(since:)), source.since(SourceReplaced.name) == nil,
            source.since(SourceRolledBack.name) == nil
        else { return nil }
        let finding = Finding(
            rule: SourceRolledBack.name, severity: .critical, since: now,
            summary: "the source was put back to an older state, or made anew; the backup holds what it has lost",
            evidence: ["shownBy": .string(reason)], next: "couchkeep explain \(SourceRolledBack.name)")
        source.latch(finding)
        return finding
    }

    /// Takes what earlier checks have told of for right, at the user's word.
    ///
    /// - Returns: the rules that had told it, with what they are about.
    @discardableResult
    mutating func acceptWhatWasTold() -> [(what: String, rule: String)] {
        var accepted: [(String, String)] = []
        if loss != nil { accepted.append(("the backup in the vault", BackupLost.name)) }
        if damage != nil { accepted.append(("the backup in the vault", BackupDamaged.name)) }
        (loss, damage) = (nil, nil)
        if let told = source.acceptSource() { accepted.append(("the source", told)) }
        return accepted
    }

    /// Takes in what the backup that has just ended found damaged and set aside; to be called behind ``advance(_:at:)``.
    mutating func note(_ damage: DamagedState?, at now: Date) {
        guard let damage, let backup else { return }
        self.damage = Damage(
            since: self.damage?.since ?? now, what: damage.description, mendedBy: backup.moment,
            isLost: damage.isLost || self.damage?.isLost ?? false)
    }

    /// The finding; nil where the backup is sound as far as is known.
    ///
    /// - Parameter since: since when moments can't be read.
    func damaged(_ seen: SeenBackup, since: Date?, at now: Date) -> Finding? {
        var moments: [Int] = []
        if case .present(_, _, let damaged, _) = seen { moments = damaged }
        var texts: [String] = []
        if let damage {
            texts.append(
                "the backup in the vault was damaged (\(damage.what)); moment #\(damage.mendedBy) has all that the source had"
                    + (damage.isLost ? ", and older ones lack it" : ", and older ones lack nothing by it"))
        }
        if !moments.isEmpty {
            let names = moments.prefix(5).map { "#\($0)" }.joined(separator: ", ") + (moments.count > 5 ? ", …" : "")
            texts.append(
                "\(Wording.counted(moments.count, "moment")) can't be read or restored, since its row is damaged: \(names)"
            )
        }
        guard !texts.isEmpty else { return nil }
        return Finding(
            rule: BackupDamaged.name, severity: .critical, since: min(damage?.since ?? since ?? now, now),
            summary: texts.joined(separator: "; "),
            evidence: ["damagedMoments": .array(moments.map { .integer(Int64($0)) })],
            next: "couchkeep vault check --read-data; couchkeep explain \(BackupDamaged.name)")
    }

    /// The finding; nil where nothing is known to be lost.
    func lost(at now: Date) -> Finding? {
        guard let loss else { return nil }
        let gone = "#\(loss.backup.moment) of \(loss.backup.time.formatted(.iso8601))"
        let summary =
            if let backup, backup.uuid == loss.backup.uuid {
                "moments of the backup in the vault are gone, the newest of them \(gone): it was put back from an older copy"
            } else {
                "the backup in the vault is gone, with its moments up to \(gone); "
                    + (backup == nil ? "none is there now" : "another one has begun in its place")
            }
        var evidence: [String: JSONValue] = [
            "backupBefore": .string(loss.backup.uuid), "momentBefore": .integer(Int64(loss.backup.moment)),
            "timeBefore": .string(loss.backup.time.formatted(.iso8601)),
        ]
        if let backup {
            evidence["backupNow"] = .string(backup.uuid)
            evidence["momentNow"] = .integer(Int64(backup.moment))
        }
        return Finding(
            rule: BackupLost.name, severity: .critical, since: min(loss.since, now), summary: summary,
            evidence: evidence,
            next: "mount the vault's folder, put it back, or name the right one in vault.path; "
                + "or accept the loss: couchkeep check --adopt")
    }
}

/// When drills and verifications have to be from to speak of the backup that there is now.
package struct EvidenceSpan: Sendable, Hashable, Codable {
    /// What is older is about a backup that is lost.
    var from: Date?
    /// While a lost backup was not there: what is of that time is about the one that stood in its place.
    var foreign: DateInterval?
    /// What is older compared the backup with a source that was replaced or put back since; drills ask no source.
    var sourceFrom: Date?

    package init(from: Date? = nil, foreign: DateInterval? = nil, sourceFrom: Date? = nil) {
        (self.from, self.foreign, self.sourceFrom) = (from, foreign, sourceFrom)
    }

    /// Takes moments that lie ahead, since the clock was set back, for now: else nothing would count before they come.
    mutating func clamp(to now: Date) {
        from = from.map { min($0, now) }
        sourceFrom = sourceFrom.map { min($0, now) }
        foreign = foreign.map { DateInterval(start: min($0.start, now), end: min($0.end, now)) }
    }

    /// Whether what was found out about the backup at that time counts.
    package func covers(_ time: Date) -> Bool {
        if let from, time < from { return false }
        return foreign.map { !$0.contains(time) } ?? true
    }

    /// Whether a comparison of the backup with its source at that time counts.
    package func coversComparison(_ time: Date) -> Bool { covers(time) && sourceFrom.map { time >= $0 } ?? true }
}
