/// A step at which a test can end the process, to show that the next one goes on.
package enum VaultStep: String, Sendable, CaseIterable {
    case draftWritten, objectKept, beforeCommit, afterCommit, beforeSeal, afterSeal, catalogueWritten
    case pruneDeleted, pruneCommitted, objectsRemoved
}
