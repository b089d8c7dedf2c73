import CouchDB
import Foundation
import Replication
import Synchronization
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
    package let options: RestoreOptions
    package var onProgress: @Sendable (ReplicationProgress) -> Void = { _ in }
    package var onComparison: @Sendable (ReplicaComparator.Progress) -> Void = { _ in }

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
            guard try await target.exists(), let mark = try await RestoreMark.read(target), mark.backup == backup.uuid,
                mark.selection == options.selection.name, mark.intoExisting == options.intoExisting
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
        if plan.target == .existing { try await foresee(prepared.selection, &plan) }
        let selection = prepared.selection
        let extent =
            if let ids = selection.ids, ids.count <= 1000 {
                try await moment.extent(of: Array(ids))
            } else {
                try await moment.extent { selection.contains($0) }
            }
        (plan.extent, plan.documents, plan.deleted) = (extent, extent.documents, extent.deleted)
        if selection.ids == nil { plan.loss = try await moment.lossOfLeaves() }
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
        let settings = try await moment.sourceSettings()
        try await onTarget {
            if prepared.plan.target == .absent {
                try await target.create(q: settings.q, isPartitioned: settings.isPartitioned ?? false)
            }
            // Before the mark: who may not set it is to leave nothing behind.
            if isNew, let limit = settings.revisionsLimit { try await target.setRevisionsLimit(limit) }
            try await prepared.mark.leave(in: target)
        }
        // The comparison below is with the same rows, and can't miss any.
        async let loss = prepared.selection.ids == nil ? moment.lossOfLeaves() : nil
        var report = try await copy(prepared)
        if isNew { try await restoreSettings(settings) }
        let designs = try await Replicator(from: moment, to: CouchReplica(target), options: options.replication)
            .copy(prepared.designDocuments)
        report.add(designs)
        if !isNew { try await bringBack(prepared, &report) }
        if !isNew, prepared.selection.isAll { try await bringBack(settings, &report) }
        try await compare(prepared, &report)
        report.loss = try await loss
        try await onTarget {
            try await prepared.mark.removeCheckpoint(from: target)
            if report.isEqual { try await prepared.mark.remove(from: target) }
        }
        report.elapsed = began.duration(to: clock.now)
        return report
    }

    private struct Prepared {
        var plan: RestorePlan
        var mark: RestoreMark
        var selection: ResolvedSelection
        var designDocuments: [DocumentLeaves]
    }

    // MARK: Before anything is changed

    private func prepare() async throws -> Prepared {
        guard let at = moment.moment else { preconditionFailure("a restore is of a moment") }
        guard at.isComplete || options.acceptsIncomplete else {
            throw RestoreError(
                .incompleteMoment, "moment \(at.number) was not read to its end: \(at.setAside) revisions are missing",
                next: "choose another moment, or say --incomplete to restore what there is")
        }
        let mark = RestoreMark(
            backup: moment.uuid, moment: at.number, selection: options.selection.name,
            intoExisting: options.intoExisting)
        let source = try await moment.epochs().last?.source
        let found = try await onTarget { try await RestoreTarget.look(at: target, for: mark, source: source) }
        let place = try allowed(found)
        let selection = try await options.selection.resolved(in: moment)
        var plan = RestorePlan(
            moment: .init(number: at.number, time: at.time.formatted(.iso8601), isComplete: at.isComplete),
            target: place, targetURL: target.url, documents: at.documents + at.deleted, deleted: at.deleted)
        let designs = try await survey(selection, &plan)
        return Prepared(plan: plan, mark: mark, selection: selection, designDocuments: designs)
    }

    private func allowed(_ found: RestoreTarget) throws -> RestorePlan.Target {
        if DatabaseNames.isReplicator(target.name) {
            throw RestoreError(
                .wouldStartJobs, "\(target.name) is where replication jobs run from; restored ones would begin to run",
                next: "restore into a database of another name, and copy by hand what is to run")
        }
        switch found {
        case .absent: return .absent
        case .empty: return .empty
        case .begun: return options.intoExisting ? .existing : .begun
        case .otherRestore(let mark):
            guard options.intoExisting else {
                let which = mark.backup == moment.uuid ? "of moment \(mark.moment) of this backup" : "of another backup"
                throw RestoreError(
                    .otherRestore, "another restore into \(target.url), \(which), was begun and not finished",
                    next: "run that one again\(mark.backup == moment.uuid ? " with --at '#\(mark.moment)'" : ""), "
                        + "or delete the database, or say --into-existing")
            }
            return .existing
        case .notEmpty(let documents):
            guard options.intoExisting else {
                throw RestoreError(
                    .targetNotEmpty, "\(target.url) has \(documents) documents",
                    next: "restore into a new database, or say --into-existing to change this one")
            }
            return .existing
        case .source:
            guard options.intoExisting, options.ontoSource else {
                throw RestoreError(
                    .targetIsSource, "\(target.url) is the database that was backed up",
                    next: "restore into a new database beside it, or say --into-existing and --onto-source")
            }
            return .existing
        }
    }

    /// Counts what is selected, and finds the design documents, which are written last.
    private func survey(_ selection: ResolvedSelection, _ plan: inout RestorePlan) async throws -> [DocumentLeaves] {
        if let ids = selection.ids, ids.count <= 1000 {
            let found = try await moment.leaves(of: Array(ids))
            (plan.documents, plan.deleted) = (found.count, nil)
            return found.filter(\.id.isDesign)
        }
        // How many documents there are the moment says itself.
        if selection.isAll { return try await moment.designDocuments() }
        var designs: [DocumentLeaves] = []
        var documents = 0
        _ = try await moment.readLeaves(since: .zero) { page, _ in
            let selected = page.filter { selection.contains($0.id) }
            documents += selected.count
            designs += selected.filter(\.id.isDesign)
        }
        guard documents > 0 else {
            throw RestoreError(
                .nothingSelected, "the moment has no such document",
                next: "write another prefix, or look at other moments: couchkeep vault list")
        }
        (plan.documents, plan.deleted) = (documents, nil)
        return designs
    }

    private func foresee(_ selection: ResolvedSelection, _ plan: inout RestorePlan) async throws {
        let replica = CouchReplica(target)
        var (differing, later, open): (Int, Int, [Difference]) = (0, 0, [])
        func flush() async throws {
            // What has other revisions may still say the same, and what came later may be deleted already.
            let brought = Set(try await edits(for: open.map(\.id), in: replica, isExact: false).map(\.id))
            let changed = open.filter { $0.kind == .missing || brought.contains($0.id) }
            let rest = Set(open.map(\.id)).subtracting(changed.map(\.id))
            differing += changed.count
            later += Set(try await edits(for: Array(rest), in: replica, isExact: true).map(\.id)).count
            open.removeAll()
        }
        try await differences(selection) { difference in
            open.append(difference)
            if open.count >= Self.editedTogether { try await flush() }
        }
        try await flush()
        (plan.differing, plan.later) = (differing, later)
    }

    // MARK: Copying

    private func copy(_ prepared: Prepared) async throws -> RestoreReport {
        var options = options.replication
        options.leavesWitness = false
        let replica = CouchReplica(target)
        let result: ReplicationReport
        if let ids = prepared.selection.ids, ids.count <= 1000 {
            let list = try await moment.leaves(of: ids.filter { !$0.isDesign })
            result = try await Replicator(from: moment, to: replica, options: options)
                .copy(list, reporting: onProgress)
        } else {
            let selection = prepared.selection
            options.selection = { !$0.id.isDesign && selection.contains($0.id) }
            options.checkpointID = prepared.mark.checkpointID
            result = try await Replicator(from: moment, to: replica, options: options).run(reporting: onProgress)
        }
        return RestoreReport(
            plan: prepared.plan, counts: result.counts, refusals: result.refusals, edits: 0,
            comparison: ComparisonCounts(), differences: [], elapsed: .zero)
    }

    private func restoreSettings(_ settings: SourceSettings) async throws {
        try await onTarget {
            if let security = settings.security { try await restore(security: security) }
            guard options.includesLocalDocuments else { return }
            for (id, document) in settings.localDocuments {
                guard case .object(var members) = try JSONValue(parsing: document) else { continue }
                let name = String(id.text.dropFirst("_local/".count))
                (members["_id"], members["_rev"]) = (nil, try await target.localDocument(name)?["_rev"])
                _ = try await target.putLocalDocument(name, members: members)
            }
        }
    }

    private func restore(security: Data) async throws {
        do {
            try await target.setSecurity(document: security)
        } catch let error as CouchError where error.code == .forbidden && DatabaseNames.isUsers(target.name) {
            // Unless users_db_security_editable is set, CouchDB keeps its own, which lets administrators in and nobody else.
        }
    }

    // MARK: Bringing back

    private func bringBack(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        let replica = CouchReplica(target)
        var ids: [DocumentID] = []
        var (edits, refusals): (Int, [Refusal]) = (0, [])
        func flush() async throws {
            let new = try await self.edits(for: ids, in: replica)
            ids.removeAll()
            guard !new.isEmpty else { return }
            let result = try await onTarget { try await replica.store(new, checkpoint: nil) }
            edits += new.count - result.refusals.count
            refusals += result.refusals
        }
        try await differences(prepared.selection) { difference in
            ids.append(difference.id)
            if ids.count >= Self.editedTogether { try await flush() }
        }
        try await flush()
        report.edits = edits
        report.counts.refused += refusals.count
        report.refusals += refusals
    }

    /// What belongs to the database and is no document: put back where all is to be as it was, told of where not.
    private func bringBack(_ settings: SourceSettings, _ report: inout RestoreReport) async throws {
        if let security = settings.security {
            let wanted = SecurityObject(try JSONValue(parsing: security))
            let found = try await onTarget { try await target.securityDocument() }
            if SecurityObject(try JSONValue(parsing: found)) != wanted {
                report.otherSettings.append("_security")
                if options.isExact { try await onTarget { try await restore(security: security) } }
            }
        }
        if let limit = settings.revisionsLimit, try await onTarget({ try await target.revisionsLimit() }) != limit {
            report.otherSettings.append("_revs_limit")
            if options.isExact { try await onTarget { try await target.setRevisionsLimit(limit) } }
        }
        if options.isExact { report.otherSettings = [] }
    }

    private static let editedTogether = 50

    private func edits(
        for ids: [DocumentID], in replica: CouchReplica, isExact: Bool? = nil
    ) async throws -> [Revision] {
        guard !ids.isEmpty else { return [] }
        let wanted = try await Self.revisions(of: moment.leaves(of: ids), in: moment)
        let found = try await onTarget {
            try await Self.revisions(of: replica.leaves(of: ids), in: replica)
        }
        return try ids.flatMap { id in
            try BringBack(wanted: wanted[id] ?? [], found: found[id] ?? [], isExact: isExact ?? options.isExact).edits()
        }
    }

    /// The revisions with their contents, of each document the winner first.
    private static func revisions(
        of documents: [DocumentLeaves], in replica: any Replica
    ) async throws -> [DocumentID: [Revision]] {
        var found: [DocumentID: [Revision]] = [:]
        try await replica.revisions(documents) { answer in
            switch answer.outcome {
            case .given(let revisions): found[answer.id, default: []] += revisions
            case .unavailable(let refusal):
                throw CouchError(.malformedAnswer, "“\(answer.id)” \(answer.revision): \(refusal.reason)")
            }
        }
        return found.mapValues { revisions in
            revisions.sorted { left, right in
                left.isDeleted == right.isDeleted ? left.revision > right.revision : !left.isDeleted
            }
        }
    }

    // MARK: Comparing

    private func compare(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        let isNew = prepared.plan.target != .existing
        let replica = CouchReplica(target)
        var (counts, differences): (ComparisonCounts, [Difference]) = (ComparisonCounts(), [])
        var open: [Difference] = []
        func flush() async throws {
            // What has other revisions may still say the same, where it was brought back.
            let edited = isNew ? Set(open.map(\.id)) : Set(try await edits(for: open.map(\.id), in: replica).map(\.id))
            for difference in open {
                // A document that is not there at all was refused, or removed meanwhile.
                guard edited.contains(difference.id) || difference.kind == .missing, !isOfCouchDB(difference) else {
                    // What came later is kept, and was not at the moment.
                    if difference.kind != .extra { counts.equal += 1 }
                    continue
                }
                counts.count(difference.kind)
                if differences.count < 20 { differences.append(difference) }
            }
            open.removeAll()
        }
        let equal = try await self.differences(prepared.selection) { difference in
            open.append(difference)
            if open.count >= Self.editedTogether { try await flush() }
        }
        try await flush()
        counts.equal += equal
        (report.comparison, report.differences) = (counts, differences)
    }

    /// What another version of CouchDB has put into a database of accounts is there beside what was restored.
    private func isOfCouchDB(_ difference: Difference) -> Bool {
        difference.onlyInSource.isEmpty && difference.revisions.isEmpty
            && difference.id.text == DatabaseNames.usersDesign && DatabaseNames.isUsers(target.name)
    }

    /// Hands out what differs between the moment and the target, and returns how many documents are equal.
    @discardableResult
    private func differences(
        _ selection: ResolvedSelection, _ receive: (Difference) async throws -> Void
    ) async throws -> Int {
        var comparator = ReplicaComparator(moment, CouchReplica(target))
        comparator.onProgress = onComparison
        if let ids = selection.ids, ids.count <= 1000 {
            let found = try await comparator.differences(of: Array(ids))
            for difference in found { try await receive(difference) }
            return ids.count - found.count
        }
        if !selection.isAll { comparator.selection = { selection.contains($0.id) } }
        return try await comparator.run(difference: receive).counts.equal
    }

    private func onTarget<Result: Sendable>(_ call: () async throws -> Result) async throws -> Result {
        try await ReplicationFailure.Side.target.naming { try await call() }
    }
}

extension RestoreReport {
    fileprivate mutating func add(_ other: ReplicationReport) {
        counts.revisionsStored += other.counts.revisionsStored
        counts.revisionsMissing += other.counts.revisionsMissing
        counts.bytesStored += other.counts.bytesStored
        counts.attachmentsStored += other.counts.attachmentsStored
        counts.refused += other.counts.refused
        refusals += other.refusals
    }
}
