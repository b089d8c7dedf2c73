import Replication

/// What a check of a backup found.
package struct CheckReport: Sendable, Hashable {
    /// One thing that is not as it was written.
    package struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// A stable word: `sqlite`, `schema`, `row`, `leaf`, `moment`, `body`, `attachment`, `catalogue`, `file`.
        package var kind: String
        package var what: String
        /// Whether a server that still has what is damaged can help.
        package var isMendable: Bool
        /// Whether there is a copy of it, which the next backup puts into its place.
        package var hasCopy = false
        /// Whether only a sum is wrong, which a repair adds up anew.
        package var isTally = false

        package var description: String { "\(kind): \(what)" }
    }

    /// The problems, at most a thousand; nothing is damaged where there are none.
    package var problems: [Problem] = []
    /// How many there are.
    package var problemCount = 0
    package var moments = 0
    package var leaves = 0
    package var bodies = 0
    package var attachments = 0
    /// Bytes of documents and attachments whose hash was computed.
    package var readBytes = 0
    /// What no moment needs and a pruning will remove, such as files left by a kill.
    package var strays = 0
    /// What the documents that were read say of their own revisions; none where they can't be decrypted.
    package var proofs = ProofCounts()
    /// Whether all documents and attachments were read.
    package var didReadData = false

    package var isEncrypted = false

    /// Whether a server that still has what is damaged can help.
    package var isRepairable: Bool {
        !isEncrypted && problems.contains(where: \.isMendable)
    }

    /// What can be done about damage.
    package enum Remedy: Sendable, Hashable {
        /// The next backup puts back what is kept twice.
        case backup
        /// A server that still has what is damaged gives it back.
        case repair
        /// Rows are set aside, and a backup stores anew what they stood for.
        case repairAndBackup
        /// As that, of an encrypted backup: by the repair of its pair.
        case pairRepair
        /// Sums are added up anew by a repair, which needs nothing of the server.
        case tallying
        /// Nothing but a copy of the vault's folder.
        case copy
    }

    package var remedy: Remedy {
        let others = problems.filter { !$0.hasCopy }
        if others.isEmpty { return .backup }
        if others.allSatisfy(\.isTally) { return .tallying }
        if isRepairable { return .repair }
        guard others.contains(where: { ["leaf", "row"].contains($0.kind) }) else { return .copy }
        return isEncrypted ? .pairRepair : .repairAndBackup
    }

    /// Why the backup could not be looked at, such as for want of another key; nil where it was.
    package var unread: VaultError?

    package var isDamaged: Bool { problemCount > 0 }
    /// Whether it was looked at, and all is as it was written.
    package var isSound: Bool { !isDamaged && unread == nil }

    /// - Parameter isMendable: false where the vault's own row is gone, and with it the place of what a server may have.
    mutating func add(
        _ kind: String, _ what: String, isMendable: Bool = true, hasCopy: Bool = false, isTally: Bool = false
    ) {
        problemCount += 1
        guard problems.count < 1000 else { return }
        problems.append(
            Problem(
                kind: kind, what: what, isMendable: isMendable && ["body", "attachment"].contains(kind),
                hasCopy: hasCopy, isTally: isTally))
    }
}
