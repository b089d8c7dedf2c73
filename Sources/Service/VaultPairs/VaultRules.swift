import Supervision

/// A backup into the vault did not come about.
package enum BackupFailed: Rule {
    package static let name = "backup-failed"
    package static let explanation = RuleExplanation(
        title: "the last backup into the vault failed",
        what:
            "Couchkeep wanted to bring a pair's backup in the vault up to its source, or to look at it, and could not.",
        consequence: "The backup stays as it was at its last moment; what the source has changed since is not in it.",
        evidence: "The error of the source's server, of the vault, or of a disk of this machine.",
        repair: "The next check tries again, from where this one ended. Damage of the vault needs people: "
            + "couchkeep vault check --read-data.",
        severity: "critical")
}

/// Another process is backing up into the vault.
package enum BackupRunning: Rule {
    package static let name = "backup-running"
    package static let explanation = RuleExplanation(
        title: "another couchkeep is at work on the backup in the vault",
        what:
            "The check wanted to back a pair up into the vault, and another process was writing to that backup: an earlier "
            + "check that is still at it, couchkeep backup, or a prune.",
        consequence: "None by itself: that process makes the backup, and this check has left it alone.",
        evidence: "The lock of the backup in the vault.",
        repair: "The next check looks again. New findings about the backup wait for it, for as long as the pair's lag "
            + "threshold; then they are told all the same.",
        severity: "notice")
}

/// A backup in the vault that was there is not there any more.
package enum BackupLost: Rule {
    package static let name = "backup-lost"
    package static let explanation = RuleExplanation(
        title: "a backup in the vault that was there is gone",
        what:
            "The vault's folder, or the backup's own folder in it, was removed or is not mounted, vault.path names "
            + "another one, the backup was made anew, or an older copy of it was put back. Moments that a prune has "
            + "dropped are not meant.",
        consequence:
            "The past is gone with it, and nothing that was verified or rehearsed of it counts any more. For pairs of mode "
            + "manage the check makes a new backup all the same, which holds the source as it is from now on and no past.",
        evidence:
            "The backup's uuid, and the number and time of its newest moment, as the last check has seen them.",
        repair:
            "None by Couchkeep. Mount the folder, or put it back (first move the one that was begun in its place aside, a "
            + "backup's own folder out of the vault; couchkeep vault rebuild names both): the finding ends when the backup "
            + "is there again with that moment. If it is lost or was given up: couchkeep check --adopt",
        severity: "critical")
}

/// The backup in the vault is damaged, or was when the last backup was made.
package enum BackupDamaged: Rule {
    package static let name = "backup-damaged"
    package static let explanation = RuleExplanation(
        title: "the backup in the vault was damaged",
        what:
            "Rows of the backup's newest state were not what was written, or gone, so that the check's backup has set them aside "
            + "and read the source from its beginning; or rows of moments can't be read.",
        consequence:
            "The new moment has all that the source has. Older moments lack what was damaged, and a moment whose row is damaged "
            + "can't be restored. A disk that has done this once may do it again.",
        evidence: "The hash that each row of the vault carries.",
        repair:
            "None by Couchkeep but for what the source still has. couchkeep vault check --read-data tells what older moments have "
            + "lost; put them back from a copy of the vault's folder, or drop them with couchkeep vault prune. Look after the disk. "
            + "Then: couchkeep check --adopt",
        severity: "critical")
}

/// Something of the source could not be copied into the vault.
package enum BackupIncomplete: Rule {
    package static let name = "backup-incomplete"
    package static let explanation = RuleExplanation(
        title: "the newest moment in the vault lacks revisions",
        what:
            "The source lists revisions that it does not hand out, or hands out broken; a run was cut off behind a "
            + "source that was replaced; or so many nodes of the source's cluster were away during the backup that "
            + "acknowledged writes may be on none of the others.",
        consequence: "These revisions are in no backup. All others are.",
        evidence: "The revisions that were set aside, with the server's reason; _membership and _shards of the source.",
        repair:
            "Each run tries them again. A document that stays unreadable is damaged at the source: write it anew. Bring "
            + "nodes that are away back, and the next backup is complete.",
        severity: "critical")
}

/// The vault is behind its source.
package enum BackupBehind: Rule {
    package static let name = "backup-behind"
    package static let explanation = RuleExplanation(
        title: "the newest moment in the vault is too old",
        what:
            "The source has changed since the newest moment, and that is longer ago than the pair's lag threshold, or "
            + "more has changed than its threshold allows. Or the pair has been there for so long without any backup.",
        consequence: "What has changed since that moment would be lost.",
        evidence:
            "The moment's time, and the source's pending changes behind it; without a moment, when the pair was first seen. "
            + "Of a moment that was made while the clock was ahead, when it was first seen.",
        repair: "For pairs of mode manage each check makes a backup. Others are backed up by couchkeep backup.",
        severity: "warning, then critical, by the thresholds of the pair")
}

/// All rules, those about the vault and about verifications among them.
package enum KnownRules {
    package static var all: [any Rule.Type] {
        RuleCatalogue.all + [
            BackupFailed.self, BackupRunning.self, BackupLost.self, BackupDamaged.self, BackupIncomplete.self,
            BackupBehind.self,
            BackupDiffers.self, VerificationOverdue.self, VerificationImpossible.self,
            DrillFailed.self, DrillOverdue.self, DrillImpossible.self, DrillLeftover.self,
        ]
    }

    /// The rule of a name.
    package static func rule(named name: String) -> (any Rule.Type)? { all.first { $0.name == name } }
}
