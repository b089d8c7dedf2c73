import Foundation
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
            + "By hand: couchkeep repair PAIR. What only the backup has stays, such as what was edited or deleted "
            + "there (couchkeep repair PAIR --remove-extra removes it, with --dry-run it shows it), and content that "
            + "differs needs people. The finding ends when a verification of the same level says equal.",
        severity:
            "critical where the backup lacks something, its content differs or an edit or a deletion there has taken the "
            + "place of what the source has; notice where it only has more, warning where that makes it show another "
            + "revision of a document")
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

/// A pair is to be verified by a machine that can't read its backup.
package enum VerificationImpossible: Rule {
    package static let name = "verification-impossible"
    package static let explanation = RuleExplanation(
        title: "the backup can't be verified with the key that is configured",
        what:
            "verify: in the configuration wants the backup to be compared with its source, and vault.key_file names a write "
            + "key, which reads nothing.",
        consequence:
            "The backup is made as ever, but whether it is complete is not known, and on this machine it never will be.",
        evidence: "The kind of the key, and that the backup is encrypted.",
        repair:
            "None by Couchkeep. Compare it on a machine that has the private key: couchkeep verify, with the vault's folder or "
            + "a copy of it; and take verify: out of this machine's configuration, or move its other pairs to a configuration "
            + "of their own. couchkeep vault check --read-data proves here, without any key, that nothing is damaged.",
        severity: "warning")

    /// What is found of a pair.
    static func finding(since: Date) -> Finding {
        Finding(
            rule: name, severity: .warning, since: since,
            summary: "the backup can't be verified here: the vault's key only writes, and verify: is configured",
            next: "verify it with the private key on another machine, and take verify: out of this configuration: "
                + "couchkeep explain \(name)")
    }
}
