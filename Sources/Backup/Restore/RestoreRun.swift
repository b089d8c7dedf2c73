import CouchDB
import Replication
import Vault

/// Brings a moment of a backup into a database of a CouchDB server, and compares what is there then with the moment.
///
/// Into a new or empty database everything is written as it was, with all revisions. Into one that has documents, what is
/// no longer the winner is written as a new edit on top. Each step can be repeated: a restore that was cut off is taken
/// up again by running it again.
package struct RestoreRun: Sendable {
    /// The backup as of the moment.
    package let moment: VaultDatabase
    package let target: CouchDatabase
    package var options: RestoreOptions
    package var onProgress: @Sendable (ReplicationProgress) -> Void = { _ in }
    package var onComparison: @Sendable (ReplicaComparator.Progress) -> Void = { _ in }
    /// Is told how many documents of a database that goes on living were looked at, and how many edits brought one back.
    package var onLook: @Sendable (_ documents: Int, _ edits: Int) -> Void = { _, _ in }
    /// Is told of each pause between two attempts of a single call.
    package var onWait: @Sendable (ReplicaWait) -> Void = { _ in }

    /// - Parameter moment: a backup as of one moment.
    package init(of moment: VaultDatabase, to target: CouchDatabase, options: RestoreOptions = RestoreOptions()) {
        (self.moment, self.target, self.options) = (moment, target, options)
    }

    /// The number of the moment whose restore into a target was begun and cut off, where it is one of this backup that the
    /// same options would go on with.
    ///
    /// - Throws: `ReplicationFailure` where the target doesn't answer.
    package static func momentBegun(
        of backup: VaultDatabase, in target: CouchDatabase, options: RestoreOptions
    ) async throws -> Int? {
        try await ReplicationFailure.Side.target.naming {
            guard try await target.exists(), let mark = try await RestoreMark.read(target),
                !mark.hasEnded, mark.isSameRestore(as: RestoreMark(of: backup, at: mark.moment, options))
            else { return nil }
            return mark.moment
        }
    }

    /// Looks at both sides and says what would be done; changes nothing.
    ///
    /// - Throws: ``RestoreError`` where it would not be done; `VaultError`, `ReplicationFailure`.
    package func plan() async throws -> RestorePlan {
        let prepared = try await prepare()
        var plan = prepared.plan
        plan.loss = try await loss(prepared)
        if plan.target == .existing {
            try expectNone(plan.loss)
            try await foresee(prepared.selection, &plan)
            let settings = try await otherSettings(prepared)
            (plan.otherSettings, plan.restoredSettings) = (settings.left, settings.putBack)
        }
        let selection = prepared.selection
        let extent =
            if let ids = selection.few {
                try await moment.extent(of: ids)
            } else {
                try await moment.extent { selection.contains($0) }
            }
        (plan.extent, plan.documents, plan.deleted) = (extent, extent.documents, extent.deleted)
        return plan
    }

    /// Restores.
    ///
    /// - Throws: ``RestoreError`` before anything was changed; `VaultError`, `ReplicationFailure`, `CancellationError` at any
    ///   time, after which it can be run again.
    package func run() async throws -> RestoreReport {
        let clock = ContinuousClock()
        let began = clock.now
        let prepared = try await prepare()
        let isNew = prepared.plan.target != .existing
        if !isNew { try expectNone(await loss(prepared)) }
        // Before the mark: who may not is to leave nothing behind.
        try await expectAdministrator(prepared)
        let settings = prepared.settings
        if prepared.plan.target == .absent, let mark = prepared.mark { try await create(settings, mark) }
        let copies = try await onTarget { try await target.info().copyCounts }
        let awayBefore = try await onTarget { try await target.nodesAway(copies) }
        var report = RestoreReport(prepared.plan)
        if isNew { try await setRevisionsLimit(prepared, &report) }
        if let mark = prepared.mark { try await onTarget { try await mark.leave(in: target) } }
        // The comparison below is with the same rows, and can't miss any.
        async let loss = isNew ? loss(prepared) : nil
        report.setAside(prepared.selection.undecided)
        if isNew {
            report.add(try await copy(prepared, to: CouchReplica(target)))
            report.add(try await copyDesignDocuments(prepared, to: CouchReplica(target)))
            try await restoreSettings(prepared, &report)
        } else {
            try await bringBack(prepared, &report)
            try await bringBackSettings(prepared, &report)
        }
        try await compare(prepared, &report)
        report.loss = try await loss
        report.nodesAway = NodesAway.worse(awayBefore, try await onTarget { try await target.nodesAway(copies) })
        // A setting that was not taken is set by itself, and nodes that are back get what was written: no further run is to go on
        // for either.
        let isEqual = report.hasAllDocuments
        try await onTarget { try await end(prepared, isEqual: isEqual) }
        report.elapsed = began.duration(to: clock.now)
        return report
    }

    /// Takes away what was left in the target for a further run, or says there that all is done, and not as it was.
    private func end(_ prepared: Prepared, isEqual: Bool) async throws {
        // Before anything says that it is done.
        try await target.commitDelayed()
        try await RestoreMark.removeCheckpoint(prepared.checkpointID, from: target)
        guard var mark = prepared.mark else { return }
        guard !isEqual else { return try await mark.remove(from: target) }
        mark.hasEnded = true
        try await mark.leave(in: target)
    }

    /// What is known before anything is changed.
    struct Prepared {
        var plan: RestorePlan
        /// The mark that is left while the restore is under way; nil where that of another one stays.
        var mark: RestoreMark?
        /// Whether the target was made for the restore, or had no documents, when it began.
        var wasEmpty: Bool
        /// The name of its checkpoint in the target.
        var checkpointID: String
        var selection: ResolvedSelection
        var designDocuments: [DocumentLeaves]
        var settings: SourceSettings
    }

    /// Makes the target as the database was made that was backed up.
    ///
    /// - Throws: `VaultError`, `ReplicationFailure`.
    func makeTarget() async throws {
        guard let at = moment.moment else { preconditionFailure("a restore is of a moment") }
        try await create(try await moment.sourceSettings(), RestoreMark(of: moment, at: at.number, options))
    }

    private func create(_ settings: SourceSettings, _ mark: RestoreMark) async throws {
        var isRepeated = false
        try await onTarget {
            defer { isRepeated = true }
            do {
                try await target.create(q: settings.q, isPartitioned: settings.isPartitioned ?? false)
            } catch let error as CouchError where error.code == .preconditionFailed && isRepeated {
                // A call before may have created it without an answer.
                guard try await RestoreTarget.look(at: target, for: mark, source: nil) == .empty else { throw error }
            }
        }
    }

    /// Copies what is no design document.
    func copy(_ prepared: Prepared, to replica: any Replica) async throws -> ReplicationReport {
        var options = options.replication
        options.leavesWitness = false
        if let ids = prepared.selection.few {
            let list = try await moment.leaves(of: ids.filter { !$0.isDesign })
            return try await Replicator(from: moment, to: replica, options: options)
                .copy(list, reporting: onProgress)
        } else {
            let selection = prepared.selection
            options.selection = { !$0.id.isDesign && selection.contains($0.id) }
            options.checkpointID = prepared.checkpointID
            return try await Replicator(from: MomentByID(moment), to: replica, options: options)
                .run(reporting: onProgress)
        }
    }

    /// Copies the design documents: behind all others, which their functions may refuse.
    func copyDesignDocuments(_ prepared: Prepared, to replica: any Replica) async throws -> ReplicationReport {
        try await Replicator(from: moment, to: replica, options: options.replication)
            .copy(prepared.designDocuments)
    }

    /// Puts back local documents, and then `_security`, which may take from the account what it has to do before.
    private func restoreSettings(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        report.setAside(try await restoreLocalDocuments(prepared.settings))
        switch try await restore(setting: Self.security, prepared) {
        case .set: break
        case .kept: report.noteKept(Self.security)
        case .failed(let failure): report.note(failure)
        }
    }

    /// Makes a call that can be repeated, and again where its failure may pass.
    func onTarget<Result: Sendable>(_ call: () async throws -> Result) async throws -> Result {
        try await Retrier(.target, CouchReplica(target), options: options.replication, onWait: onWait).call(call)
    }
}

extension RestoreReport {
    mutating func add(_ other: ReplicationReport) { add(other.counts, other.refusals) }

    /// Notes a setting that the target did not take.
    mutating func note(_ failure: Refusal) {
        settingFailures.append(failure)
        otherSettings.append(failure.id.text)
    }

    /// Notes a setting of which CouchDB keeps its own.
    mutating func noteKept(_ setting: String) {
        keptSettings.append(setting)
        otherSettings.append(setting)
    }

    /// Adds what is not restored, by name as far as there is room.
    mutating func setAside(_ refusals: [Refusal]) {
        counts.refused += refusals.count
        self.refusals += refusals.prefix(max(0, ReplicationReport.namedRefusals - self.refusals.count))
    }

    /// Adds what was copied, and what was not.
    mutating func add(_ copied: ReplicationCounts, _ refusals: [Refusal]) {
        counts.revisionsStored += copied.revisionsStored
        counts.revisionsMissing += copied.revisionsMissing
        counts.bytesStored += copied.bytesStored
        counts.attachmentsStored += copied.attachmentsStored
        counts.refused += copied.refused
        counts.failedCalls += copied.failedCalls
        self.refusals += refusals
    }
}
