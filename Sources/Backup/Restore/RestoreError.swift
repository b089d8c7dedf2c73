/// Why a restore was not begun.
package struct RestoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of error, part of Couchkeep's output contract.
    package enum Code: String, Sendable, Hashable {
        /// The target has documents, and nobody has said that they may be changed.
        case targetNotEmpty = "target-not-empty"
        /// The target is the database that was backed up.
        case targetIsSource = "target-is-source"
        /// Replication jobs would begin to run.
        case wouldStartJobs = "would-start-jobs"
        /// Another restore into the target was not finished, or one has ended there at which not all was as it had been.
        case otherRestore = "other-restore"
        /// The target is partitioned and the backup is not, or the reverse.
        case otherPartitioning = "other-partitioning"
        /// The moment was not read to its end.
        case incompleteMoment = "incomplete-moment"
        /// No document was selected.
        case nothingSelected = "nothing-selected"
        /// What was selected by can't be read.
        case badSelector = "bad-selector"
    }

    package let code: Code
    /// What is so, without a final stop.
    package let what: String
    /// What to do next.
    package let next: String

    package init(_ code: Code, _ what: String, next: String) {
        (self.code, self.what, self.next) = (code, what, next)
    }

    package var description: String { "\(what) [\(code.rawValue)]; \(next)" }
}
