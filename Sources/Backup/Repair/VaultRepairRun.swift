import CouchDB
import Replication
import Vault

/// Brings back what a backup has lost of its content, from a server that still has it.
///
/// Rows of the newest state that say of a revision where it belongs, and are damaged or gone, are set aside: the next backup
/// reads its source from the beginning and stores anew what they stood for.
///
/// Only what is to the last bit what was stored is taken: the digests of the vault's rows prove it, and stay as they are. Each
/// revision is durable as soon as it was put back, so that a run that was cut off is taken up by running it again.
package struct VaultRepairRun: Sendable {
    /// The backup, opened for writing.
    package let backup: VaultDatabase
    /// The database that was backed up, or any copy of it.
    package let source: any Replica
    /// Called while the backup is read.
    package var onProgress: @Sendable (CheckProgress) -> Void = { _ in }

    package init(of backup: VaultDatabase, from source: any Replica) {
        (self.backup, self.source) = (backup, source)
    }

    /// Revisions that are held at a time; large attachments wait in files.
    private static let askedForTogether = 10

    /// Repairs what it can.
    ///
    /// - Throws: `VaultError` where nothing can be put back, `ReplicationFailure` where the source doesn't answer,
    ///   `CancellationError`.
    package func run() async throws -> VaultRepairReport {
        // Before much is read: a server that isn't there, or lets nobody in.
        _ = try await ReplicationFailure.Side.source.naming { try await source.describe() }
        let damaged: [DamagedRevision]
        do {
            damaged = try await backup.damagedRevisions(onProgress: onProgress)
        } catch let error as VaultError where error.code == .refused {
            // Of an encrypted backup nothing else can be put right.
            let report = try await settled(VaultRepairReport(damaged: []))
            guard report.hasSettled else { throw error }
            return report
        }
        var report = try await settled(VaultRepairReport(damaged: damaged))
        var reasons: [DocumentID: [RevisionID: String]] = [:]
        var rest = report.damaged[...]
        while !rest.isEmpty {
            let group = rest.prefix(Self.askedForTogether)
            rest = rest.dropFirst(group.count)
            try await mend(group, &reasons)
        }
        // An attachment that several revisions name comes back with any of them.
        report.left = try await backup.stillDamaged(report.damaged).map { damaged in
            (damaged, reasons[damaged.id]?[damaged.revision] ?? Self.otherContent)
        }
        // Its place is gone, and stored anew it gets another one.
        let lost = report.left.filter { $0.reason == Self.noPlace }.map(\.revision)
        let aside = try await backup.setDamagedAside(lost)
        if !aside.isEmpty { report.setAside = aside }
        return report
    }

    /// Puts right what needs no server.
    private func settled(_ report: VaultRepairReport) async throws -> VaultRepairReport {
        var report = report
        report.settled = try await backup.settleTallies()
        report.copies = try await backup.mendSpares()
        return report
    }

    private static let noPlace = "the vault's own row of one of its attachments is gone"
    private static let otherContent = "what the server has under this revision is not what was stored"

    private func mend(
        _ group: ArraySlice<DamagedRevision>, _ reasons: inout [DocumentID: [RevisionID: String]]
    ) async throws {
        var wanted: [DocumentID: [RevisionID]] = [:]
        for damaged in group { wanted[damaged.id, default: []].append(damaged.revision) }
        var revisions: [Revision] = []
        try await ReplicationFailure.Side.source.naming {
            try await source.revisions(
                wanted.sorted { $0.key < $1.key }.map { DocumentLeaves(id: $0.key, revisions: $0.value) }
            ) { answer in
                if let revision = answer.exactly {
                    revisions.append(revision)
                } else {
                    reasons[answer.id, default: [:]][answer.revision] = answer.refusal.reason
                }
            }
        }
        for revision in revisions where try await backup.mend(revision) == .noPlace {
            reasons[revision.id, default: [:]][revision.revision] = Self.noPlace
        }
    }
}

/// What came of repairing a backup.
package struct VaultRepairReport: Sendable {
    /// What was found damaged.
    package var damaged: [DamagedRevision]
    /// What of rows that are kept twice was put back; nil where nothing was damaged.
    package var copies: DamagedState?
    /// What was said of sums that are added up anew: a check finds it no more.
    package var settled: [String] = []
    /// What is damaged still, and why.
    package var left: [(revision: DamagedRevision, reason: String)] = []
    /// What the newest state does without until the next backup, and older moments for good; nil where that is nothing.
    package var setAside: DamagedState?

    /// Whether something was put right that needed no server.
    package var hasSettled: Bool { copies != nil || !settled.isEmpty }
    /// How many revisions are again what was stored.
    package var mended: Int { damaged.count - left.count }
}
