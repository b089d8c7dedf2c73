import CouchDB
import Foundation
import Replication
import Vault

/// What is found out before anything is changed.
extension RestoreRun {
    func prepare() async throws -> Prepared {
        guard let at = moment.moment else { preconditionFailure("a restore is of a moment") }
        guard at.isComplete || options.acceptsIncomplete else {
            throw RestoreError(
                .incompleteMoment, "moment \(at.number) is not complete: \(at.lacking ?? "something was not copied")",
                next: "choose another moment, or say --incomplete to restore what there is")
        }
        let mark = RestoreMark(of: moment, at: at.number, options)
        let source = try await source()
        // Once: a target that isn't there is to be told of at once.
        let found = try await ReplicationFailure.Side.target.naming {
            try await RestoreTarget.look(at: target, for: mark, source: source)
        }
        let place = try await allowed(found)
        let settings = try await moment.sourceSettings()
        if place == .empty || place == .begun { try await expectPartitioning(settings) }
        // What came later and is matched now is removed by an exact restore.
        let living = options.isExact && place == .existing ? target : nil
        let selection = try await soundly { try await options.selection.resolved(in: moment, and: living) }
        var plan = RestorePlan(
            moment: .init(number: at.number, time: at.time.formatted(.iso8601), lacking: at.lacking),
            target: place, targetURL: target.url, documents: at.documents + at.deleted, deleted: at.deleted)
        plan.isOfAll = selection.isAll
        plan.undecided = selection.undecided
        let designs = try await soundly { try await survey(selection, living, &plan) }
        let keepsMark = try await keepsOtherMark(beside: mark, selection, place)
        var left = mark
        left.wasEmpty = place != .existing || found == .begun(wasEmpty: true)
        return Prepared(
            plan: plan, mark: keepsMark ? nil : left, wasEmpty: left.wasEmpty, checkpointID: mark.checkpointID,
            selection: selection,
            designDocuments: designs, settings: settings)
    }

    /// Whether another restore has left its mark and can still go on: one of some documents doesn't touch it.
    private func keepsOtherMark(
        beside mark: RestoreMark, _ selection: ResolvedSelection, _ place: RestorePlan.Target
    ) async throws -> Bool {
        guard place == .existing, !selection.isAll else { return false }
        guard let found = try await onTarget({ try await RestoreMark.read(target) }) else { return false }
        // The same documents as of another moment take the place of those that were begun.
        var same = mark
        same.moment = found.moment
        return !found.hasEnded && !found.isSameRestore(as: same)
    }

    /// Refuses an empty target that can never be what the database was: whether it is partitioned is said when it is made.
    private func expectPartitioning(_ settings: SourceSettings) async throws {
        guard let wanted = settings.isPartitioned else { return }
        let found = try await onTarget { try await target.info().isPartitioned }
        guard found != wanted else { return }
        throw RestoreError(
            .otherPartitioning,
            "\(target.url) has no documents and is \(found ? "partitioned, which the backup is not" : "not partitioned, as the backup is")",
            next: "delete it, and restore creates it \(wanted ? "" : "not ")partitioned")
    }

    /// The database that was backed up; nil where the vault does not know any more, and nothing that lives is changed.
    private func source() async throws -> SourceIdentity? {
        do {
            return try await moment.newestEpoch().source
        } catch let error as VaultError where error.code == .damaged && !options.intoExisting {
            return nil
        }
    }

    /// What the moment has lost; nil where nothing.
    func loss(_ prepared: Prepared) async throws -> String? {
        do {
            // Single documents come back into a database that lives without its settings.
            let needsSettings =
                prepared.plan.target != .existing || prepared.selection.isAll || options.includesLocalDocuments
            let losses = [try await moment.lossOfLeaves(), needsSettings ? prepared.settings.loss : nil].compactMap(
                \.self)
            return losses.isEmpty ? nil : losses.joined(separator: "; ")
        } catch let error as VaultError where error.code == .damaged && prepared.selection.few != nil {
            // Some documents can be read where not all rows can.
            return error.what
        }
    }

    /// Refuses to change what lives by a moment that has lost something: what is missing in it would be taken for what it
    /// said, and documents deleted or written over that it had.
    func expectNone(_ loss: String?) throws {
        guard let loss else { return }
        throw VaultError(
            .damaged, "\(loss); \(target.url) was not changed", at: moment.name,
            next: "restore into a new database, which brings what is left, or put the vault's folder back from a copy")
    }

    /// Tells a document that the vault has lost from one that the moment never had.
    private func soundly<Value>(_ select: () async throws -> Value) async throws -> Value {
        do {
            return try await select()
        } catch let error as RestoreError where error.code == .nothingSelected {
            guard let loss = try await moment.lossOfLeaves() else { throw error }
            throw VaultError(.damaged, "\(error.what), and the vault has lost some: \(loss)", at: moment.name)
        }
    }

    private func allowed(_ found: RestoreTarget) async throws -> RestorePlan.Target {
        if SystemDatabase.isReplicator(target.name) {
            throw RestoreError(
                .wouldStartJobs, "\(target.name) is where replication jobs run from; restored ones would begin to run",
                next: "restore into a database of another name, and copy by hand what is to run")
        }
        switch found {
        case .absent: return .absent
        case .empty: return .empty
        case .begun: return options.intoExisting ? .existing : .begun
        case .otherRestore(let mark):
            guard options.intoExisting else { throw try await refusal(of: mark) }
            return .existing
        case .notEmpty(let documents):
            guard options.intoExisting else {
                throw RestoreError(
                    .targetNotEmpty, "\(target.url) has \(Wording.documents(documents))",
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

    /// Why nothing is restored beside another restore.
    private func refusal(of mark: RestoreMark) async throws -> RestoreError {
        let isOfThis = mark.backup == moment.uuid
        let which = isOfThis ? "of moment \(mark.moment) of this backup" : "of another backup"
        guard !mark.hasEnded else {
            // Beside documents that were there before, it would put conflicts.
            let isWhole = isOfThis && mark.wasEmpty && mark.selection == RestoreSelection.all.name
            let repair =
                "couchkeep repair vault:\(moment.name) \(target.url) --at '#\(mark.moment)' copies what is missing and changes "
                + "nothing else; "
            return RestoreError(
                .otherRestore,
                "a restore into \(target.url), \(which), has ended, not all was as it had been, and what was written "
                    + "there since is not to be lost",
                next: (isWhole ? repair : "")
                    + "couchkeep verify vault:\(moment.name) \(target.url) names what is missing, and --document ID "
                    + "--into-existing brings it; --into-existing alone also takes back what was changed since (see "
                    + "--dry-run); or delete the database and restore again")
        }
        let what = "another restore into \(target.url), \(which), was begun and not finished"
        // A moment can have been pruned since.
        if isOfThis, try await !moment.allMoments().sound.contains(where: { $0.number == mark.moment }) {
            return RestoreError(
                .otherRestore, "\(what), and that moment is not in the vault any more",
                next: "delete the database and restore again, or say --into-existing to change what is there")
        }
        return RestoreError(
            .otherRestore, what,
            next: "run that one again\(isOfThis ? " with --at '#\(mark.moment)'" : ""), "
                + "or delete the database, or say --into-existing")
    }

    /// Counts what is selected, and finds the design documents, which are written last.
    ///
    /// - Parameter living: a database of which what came later is selected too.
    private func survey(
        _ selection: ResolvedSelection, _ living: CouchDatabase?, _ plan: inout RestorePlan
    ) async throws -> [DocumentLeaves] {
        if let ids = selection.few {
            let found = try await moment.leaves(of: ids)
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
        if documents == 0, try await !hasAny(selection, living) {
            throw RestoreError(
                .nothingSelected, "the moment has no such document",
                next: "write another prefix, or look at other moments: couchkeep vault list")
        }
        (plan.documents, plan.deleted) = (documents, nil)
        return designs
    }

    /// Whether a database has a selected document, be it deleted: a restore that removed them can be run again.
    private func hasAny(_ selection: ResolvedSelection, _ living: CouchDatabase?) async throws -> Bool {
        guard let living else { return false }
        return try await onTarget {
            var isFound = false
            _ = try await CouchReplica(living).readLeaves(since: .zero) { page, _ in
                isFound = isFound || page.contains { selection.contains($0.id) }
            }
            return isFound
        }
    }

    /// Counts the documents that would be changed, and those that came later.
    func foresee(_ selection: ResolvedSelection, _ plan: inout RestorePlan) async throws {
        let replica = CouchReplica(target)
        var (differing, later) = (0, 0)
        try await groups(of: selection) { group in
            for (difference, look) in zip(group, try await looks(at: group.map(\.id), in: replica)) {
                // What has other revisions may still say the same, and what came later may be deleted already.
                // What lacks something and has nothing else is given the rest.
                if difference.kind == .missing || difference.kind == .otherLeaves && difference.onlyInTarget.isEmpty
                    || !look.way(isExact: false).isAtEnd
                {
                    differing += 1
                } else if !look.way(isExact: true).edits.isEmpty {
                    later += 1
                }
            }
        }
        (plan.differing, plan.later) = (differing, later)
    }
}
