import Replication
import Supervision

/// Which repair helps against the differences that a verification has found.
package enum DifferenceRemedy: Sendable, Hashable {
    /// The backup lacks revisions, which a repair copies.
    case copying
    /// All that differs comes of what only the backup has, which a repair removes where that is asked for.
    case removing

    /// - Returns: nil where no repair changes anything.
    package init?(_ record: VerificationRecord) {
        let counts = record.counts
        // Numbers of documents don't say that nothing is missing, and nobody edits a backup in the vault.
        let isRemovable =
            record.verdict == .different && record.level != .counts && (record.bodies?.unreadable ?? 0) == 0
            && VaultPair.backup(of: record.target) == nil
        if isRemovable, counts.isOnlyOfTarget {
            self = .removing
        } else if counts.lacking > counts.overwrittenLeaves ?? 0 {
            self = .copying
        } else {
            return nil
        }
    }

    /// The command for a pair. What is removed is shown first in any case, since it is gone for good then.
    package func command(for pair: String, isDryRun: Bool = false) -> String {
        let repair = "couchkeep repair \(ShellWord.quoted(pair))"
        return switch self {
        case .copying: isDryRun ? "\(repair) --dry-run" : repair
        case .removing: "\(repair) --remove-extra --dry-run"
        }
    }
}
