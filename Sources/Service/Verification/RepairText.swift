import CouchDB

/// What a repair says before it does anything.
package struct RepairText: Sendable {
    /// How many documents lack a revision that the source has.
    private let lacking: Int
    /// How many have revisions that only the target has.
    private let extra: Int
    /// Whether these are to be removed.
    private let removesExtra: Bool
    /// Whether they could be: nothing is removed from a backup in the vault.
    private let canRemove: Bool

    package init(lacking: Int, extra: Int, removesExtra: Bool, canRemove: Bool) {
        (self.lacking, self.extra) = (lacking, extra)
        (self.removesExtra, self.canRemove) = (removesExtra, canRemove)
    }

    /// What becomes of what only the target has; nil where it has no more than the source.
    package var ofExtra: String? {
        guard extra > 0 else { return nil }
        let one = extra == 1
        let text = "\(Wording.documents(extra)) \(one ? "has" : "have") revisions that only the target has"
        if removesExtra, canRemove { return text }
        return text + (canRemove ? "; they stay; --remove-extra removes them" : "; they stay")
    }

    /// What a dry run ends with.
    ///
    /// - Parameter removed: how many documents would lose revisions; none where that is not wanted, or would be refused.
    package func endOfDryRun(removed: Int) -> String {
        lacking > 0 || removed > 0
            ? "Nothing was changed. Without --dry-run it is done."
            : "Nothing was changed, and there is nothing to copy."
    }
}
