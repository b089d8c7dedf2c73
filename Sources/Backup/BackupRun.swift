import CouchDB
import Foundation
import Replication
import Vault

/// Brings a backup in a vault up to its source, and adds a moment.
///
/// A run takes up where the last one ended, however that was: data and the checkpoint that speaks of it are committed
/// together. A run that is cut off leaves no moment, loses nothing that was acknowledged, and the next one goes on.
package struct BackupRun: Sendable {
    package let source: CouchDatabase
    package let backup: VaultDatabase
    /// How to copy; the checkpoint is chosen by the run.
    package var options = Self.usualOptions
    /// Whether a run that finds nothing new makes a moment all the same, or only confirms the newest one.
    package var sealsUnchanged = true
    /// Lets other backups run beside this one, which waits for its turn where there is much to copy.
    package var turns: Turns?
    /// Called with each new state of the copying.
    package var onProgress: @Sendable (ReplicationProgress) -> Void = { _ in }
    private let now: @Sendable () -> Date

    /// - Parameter backup: opened for writing.
    package init(
        of source: CouchDatabase, into backup: VaultDatabase, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.source = source
        self.backup = backup
        self.now = now
    }

    /// Runs once.
    ///
    /// A moment that is only confirmed has the mark that its own run left, or is given it where that run could not leave it.
    ///
    /// Where the newest state is damaged, that is set aside, and the source read again from its beginning: the new moment has
    /// all, and the report tells.
    ///
    /// Where so many nodes of the source's cluster are away that acknowledged writes may be with them, the moment has what was
    /// visible, and is marked as not complete: nobody is to restore it for the whole, or to prune a complete one in its favour.
    ///
    /// - Parameter info: what the source has just said of itself; nil to ask it.
    /// - Throws: `ReplicationFailure`, `VaultError`, `CouchError` of the source; `CancellationError`.
    package func run(knowing info: DatabaseInfo? = nil) async throws -> BackupReport {
        try backup.expectWritable()
        guard let turns else { return try await runMending(knowing: info) }
        let known = try await onSource { if let info { info } else { try await source.info() } }
        let asked = ContinuousClock.now
        return try await turns.run(isLong: try await hasMuchToCopy(known)) {
            // Behind a long wait the source may be another one.
            try await runMending(knowing: asked.duration(to: .now) < .seconds(1) ? known : nil)
        }
    }

    /// Whether more is to be copied than is read in a moment; where that is not known, as much as there is.
    private func hasMuchToCopy(_ info: DatabaseInfo) async throws -> Bool {
        guard info.documentCount + info.deletedCount > Self.much else { return false }
        // What fails here fails in the run too, which mends it or tells of it.
        guard let done = try? await backup.checkpoint(Self.checkpointID),
            let pending = try? await source.changesPending(since: done.sequence)
        else { return true }
        return pending > Self.much
    }

    private static let much = 1000
    private static let checkpointID = "backup"

    /// Runs once, and again where the newest state turns out to be damaged.
    private func runMending(knowing info: DatabaseInfo?) async throws -> BackupReport {
        let mended = try await backup.mendSpares()
        do {
            var report = try await runOnce(knowing: info)
            report.damage = mended
            return report
        } catch let error where Self.isDamage(error) {
            let damage = try await backup.setDamagedAside()
            guard !damage.isEmpty else { throw error }
            var report = try await runOnce(knowing: info)
            report.damage = damage
            report.damage?.spared = mended?.spared ?? 0
            report.damage?.tallies = mended?.tallies ?? 0
            return report
        }
    }

    private static func isDamage(_ error: any Error) -> Bool {
        let error = (error as? ReplicationFailure)?.underlying ?? error
        return (error as? VaultError)?.code == .damaged
    }

    private func runOnce(knowing info: DatabaseInfo?) async throws -> BackupReport {
        let mark = SourceMark(database: source, backup: backup.uuid)
        let remembered = try await backup.newestEpoch().source
        let ((identity, revision), (settings, unread), copies) = try await onSource {
            let info = if let info { info } else { try await source.info() }
            async let identity = mark.identity(info, isRemembered: remembered.marker != nil)
            async let settings = SourceSettings.read(of: source, info)
            return try await (identity, settings, info.copyCounts)
        }
        let awayBefore = try await onSource { try await source.nodesAway(copies) }
        let verdict = try await recognise(identity, settings, remembered: remembered, awayBefore, copies)
        try await backup.store(settings, keeping: Set(unread.map(\.part)))
        let report = try await replicate(identity, isSame: verdict.verdict == .same, wasCutOff: verdict.wasCutOff)
        // Hours of copying are not to end without a moment since a node is started again just now.
        let retrier = Retrier(.source, CouchReplica(source), options: options)
        let away = NodesAway.worse(awayBefore, try await retrier.call { try await source.nodesAway(copies) })
        let isWhole = !report.isIncomplete && away?.mayHideWrites != true
        if !sealsUnchanged, verdict.verdict == .same, !verdict.wasCutOff,
            let newest = try await backup.confirm(
                at: now(), sequence: report.sequence, isComplete: isWhole, setAside: report.counts.refused)
        {
            var done = BackupReport(
                name: backup.name, moment: newest, isNew: false, replication: report, source: .same,
                isMarked: identity.marker == backup.uuid, unread: unread, nodesAway: away)
            if newest.number > remembered.markedMoment ?? 0 {
                try await leave(mark, over: revision, isRemembered: remembered.marker != nil, &done)
            }
            return done
        }
        let moment = try await backup.seal(
            at: now(), sequence: report.sequence, isComplete: isWhole, setAside: report.counts.refused)
        var done = BackupReport(
            name: backup.name, moment: moment, isNew: true, replication: report, source: verdict.verdict,
            isMarked: false, unread: unread, nodesAway: away)
        try await leave(mark, over: revision, isRemembered: remembered.marker != nil, &done)
        return done
    }

    /// Leaves the mark of the moment in the source, or notes in the report why it can't be left.
    private func leave(
        _ mark: SourceMark, over revision: JSONValue?, isRemembered: Bool, _ done: inout BackupReport
    ) async throws {
        do {
            done.isMarked = try await mark.leave(
                moment: done.moment.number, over: revision, isRemembered: isRemembered)
            try await backup.noteMarker(done.isMarked ? backup.uuid : nil, moment: done.moment.number)
        } catch let error as CouchError {
            // All data are there. The mark of the moment before goes on to tell which database it is.
            done.markFailure = error
        }
    }

    /// How a backup copies where nobody says otherwise.
    package static var usualOptions: ReplicationOptions {
        var options = ReplicationOptions()
        options.fetchesByID = true
        // Each transaction writes most of the index again: a few large ones write a third of what many small ones do.
        options.batchesTogether = 4
        options.storeBytes = 4 << 20
        options.storePatience = .seconds(1)
        return options
    }

    /// Why an epoch begins of a source that is the one it was.
    package static let purged = "documents were purged, and with a key that only writes nobody can tell which"

    /// Tells whether the source is the one that is known, and whether all has to be compared, as behind a run that was cut
    /// off.
    ///
    /// - Parameter away: the nodes of the source that were away before. Where those, or the ones that are away when the
    ///   questions were answered, may hide what is there, no epoch begins for that.
    private func recognise(
        _ found: SourceIdentity, _ settings: SourceSettings, remembered: SourceIdentity, _ away: NodesAway?,
        _ copies: CopyCounts?
    ) async throws -> (verdict: SourceVerdict, wasCutOff: Bool) {
        let leaves = KnownLeaves(source: CouchReplica(source), backup: backup)
        let identity = try await leaves.believed(found, settings, remembered: remembered)
        if case .newEpoch = SourceVerdict(remembered: remembered, found: identity) {
            try await expectNoneHiding(away, copies)
        }
        let verdict: SourceVerdict
        do {
            verdict = try await backup.recognise(identity, at: now())
        } catch let error as VaultError where error.code == .otherDatabase {
            // All else is the vault's own fault.
            verdict = try await onSource { throw error }
        }
        guard verdict == .same else { return (verdict, false) }
        guard try backup.isReadable else {
            // Without a look at the documents it holds, a backup can only be made anew.
            guard try await hasPurged(identity) else { return (verdict, false) }
            try await backup.beginEpoch(identity, reason: Self.purged, at: now())
            return (.newEpoch(reason: Self.purged), false)
        }
        // What was read behind the last mark shows whether the source went back since.
        let unmarked = try await leaves.ask()
        guard unmarked.isLost else { return (verdict, unmarked.isCutOff || identity != found) }
        try await expectNoneHiding(away, copies)
        let reason =
            "the source has no more what was read of it behind its last mark: it went back in time, or purged that"
        try await backup.beginEpoch(found, reason: reason, at: now())
        return (.newEpoch(reason: reason), false)
    }

    private func expectNoneHiding(_ before: NodesAway?, _ copies: CopyCounts?) async throws {
        let away = NodesAway.worse(before, try await onSource { try await source.nodesAway(copies) })
        guard let away else { return }
        // What was taken by too few copies may be with them as well, also where a moment was read from one that is away now.
        let isThin = if away.missesQuorum { true } else { try await backup.moments().last?.isComplete == false }
        guard let hiding = away.hiding ?? (isThin ? away.summary : nil) else { return }
        try await onSource {
            throw CouchError(
                .serverError,
                "\(hiding), and without what they have the source looks like another one, or like an older state of itself: back it up "
                    + "when the nodes are there again, or are out of the cluster with their shards: couchkeep explain nodes-away"
            )
        }
    }

    private func replicate(
        _ identity: SourceIdentity, isSame: Bool, wasCutOff: Bool
    ) async throws -> ReplicationReport {
        var options = options
        options.checkpointID = Self.checkpointID
        // The mark does what a copy of the checkpoint would do.
        options.leavesWitness = false
        let listed = ListedLeaves()
        if isSame {
            let selection = options.selection
            options.selection = { document in
                guard selection?(document) ?? true else { return false }
                listed.note(document)
                return true
            }
        }
        let replica = CouchReplica(source)
        var report = try await Replicator(from: replica, to: backup, options: options).run(reporting: onProgress)
        guard isSame, try backup.isReadable else { return report }
        let hasPurged = try await hasPurged(identity)
        let lost = LostLeaves(source: replica, backup: backup, options: self.options, hasPurged: hasPurged)
        let followed =
            if !hasPurged, !wasCutOff, let documents = listed.documents {
                try await lost.follow(documents)
            } else {
                try await lost.followAll()
            }
        if let further = followed.report { report.add(further) }
        if hasPurged, !followed.isOpen { try await backup.notePurges(identity.purgeSequence) }
        return report
    }

    /// Whether documents were purged at the source since its purges were last followed.
    private func hasPurged(_ identity: SourceIdentity) async throws -> Bool {
        PurgeSequence.hasGrown(from: try await backup.newestEpoch().source.purgeSequence, to: identity.purgeSequence)
    }

    func onSource<Result: Sendable>(_ call: () async throws -> Result) async throws -> Result {
        try await ReplicationFailure.Side.source.naming { try await call() }
    }
}
