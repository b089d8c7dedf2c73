import CouchDB

/// The source database does not exist.
package enum SourceMissing: PairRule {
    package static let name = "source-missing"
    package static let explanation = RuleExplanation(
        title: "the source database does not exist",
        what:
            "The database was deleted or renamed, or never existed under this name. A running job may not notice before the "
            + "next change. Into the vault nothing is backed up meanwhile.",
        consequence: "If it was deleted by mistake, the backup is the only copy. Don't delete it.",
        evidence: "The source server answers and says that there is no such database.",
        repair:
            "None by Couchkeep, which never creates a source. Restore the database, or exclude it in the configuration.",
        severity: "critical")

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard situation.observation.source == .missing, !situation.mayPass(name, .source) else { return nil }
        let wasThere = situation.memory.sourceSeen != nil
        let isBackupGone =
            situation.observation.target == .missing && situation.memory.targetSeen != nil
            && !situation.mayPass(TargetMissing.name, .target)
        return finding(
            .critical, situation,
            !wasThere
                ? "there is no database \(situation.pair.source.database) on \(situation.pair.source.server)"
                : isBackupGone
                    ? "the source database and its backup are both gone"
                    : "the source database is gone; the backup may be the only copy",
            evidence: [
                "database": .text(situation.pair.source.database), "server": .text(situation.pair.source.server),
                "lastDocuments": .count(situation.memory.sourceCounts?.documents),
            ],
            next: isBackupGone
                ? "restore it from the vault (couchkeep vault list) or another copy of the servers' files"
                : "restore it, or exclude it with \"!\(situation.pair.source.database)\" in the configuration")
    }
}
