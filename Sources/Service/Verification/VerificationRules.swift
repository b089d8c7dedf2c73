import Supervision

/// A comparison has found that the backup lacks something, or holds something else.
package enum BackupDiffers: Rule {
    package static let name = "backup-differs"
    package static let explanation = RuleExplanation(
        title: "a verification found differences between source and backup",
        what:
            "Source and backup were compared, revision by revision. What differed was looked at again until it was sure: "
            + "it was not on its way.",
        consequence:
            "Documents that are named are not in the backup as they are at the source, whatever the replication says.",
        evidence: "The verification: couchkeep verify show NUMBER names each document, and why where that is known.",
        repair:
            "For pairs of mode manage each check copies the missing revisions into the backup, and verifies again. "
            + "By hand: couchkeep repair PAIR. What only the backup has stays, and content "
            + "that differs needs people. The finding ends when a verification of the same level says equal.",
        severity: "critical where the backup lacks something or its content differs, notice where it only has more")
}

/// A pair was not verified for longer than the configuration wants.
package enum VerificationOverdue: Rule {
    package static let name = "verification-overdue"
    package static let explanation = RuleExplanation(
        title: "the last verification is older than the configuration wants",
        what:
            "verify: in the configuration says how often backups are compared with their sources, and that did not happen.",
        consequence: "Whether the backup is complete is not known any more.",
        evidence: "The end of the last verification that came to a verdict, and why later ones did not.",
        repair:
            "Each check verifies what is due, as far as its time goes (verify.budget). By hand: couchkeep verify PAIR.",
        severity: "warning")
}
