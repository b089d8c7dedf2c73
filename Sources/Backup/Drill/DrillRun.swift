import CouchDB
import Foundation
import Replication
import Vault

/// A rehearsed restore: brings a backup into a scratch database or into memory, compares the content of every leaf revision,
/// measures the time, and removes the scratch.
package struct DrillRun: Sendable {
    /// What is rehearsed.
    package enum Backup: Sendable {
        /// A backup in a vault, as of a moment.
        case moment(VaultDatabase)
        /// A database of a server that holds a backup.
        case database(CouchDatabase)
    }

    /// Where it is restored to.
    package enum Place: Sendable {
        /// Nowhere but in memory: it shows that all can be read, and measures no server.
        case memory
        case server(ServerConnection)

        /// What reports call memory.
        package static let memoryName = "memory"

        /// What reports call it.
        package var name: String {
            switch self {
            case .memory: Self.memoryName
            case .server(let server): server.url.description
            }
        }
    }

    package let backup: Backup
    package let place: Place
    package var onProgress: @Sendable (ReplicationProgress) -> Void = { _ in }
    package var onComparison: @Sendable (BodyProgress) -> Void = { _ in }
    /// Called with the scratch database's URL before it is made; nothing is made where it throws.
    package var onScratch: @Sendable (String) async throws -> Void = { _ in }
    /// The largest backup that is restored into memory, in bytes of its documents and attachments.
    package var memoryLimit = DrillRun.usualMemoryLimit
    private let now: @Sendable () -> Date

    package static let usualMemoryLimit = 256 << 20

    package init(_ backup: Backup, in place: Place, now: @escaping @Sendable () -> Date = { Date() }) {
        (self.backup, self.place, self.now) = (backup, place, now)
    }

    /// Rehearses.
    ///
    /// Failures of either side end it with the verdict unknown, and damage of the vault with different: they are evidence too.
    ///
    /// - Parameter stop: cuts it off; the scratch is removed even so.
    /// - Throws: ``DrillError`` and what ``onScratch`` throws, before anything was done.
    package func run(until stop: StopRequest) async throws -> DrillReport {
        let began = ContinuousClock.now
        var report = try await rehearsed(until: stop)
        report.seconds = began.duration(to: .now) / .seconds(1)
        return report
    }

    private func rehearsed(until stop: StopRequest) async throws -> DrillReport {
        if case .memory = place { try await expectSmall() }
        let report = await outcome(of: begin(), until: stop) { try await lookForLoss(&$0) }
        guard report.reason == nil else { return report }
        guard case .server(let server) = place else {
            return await outcome(of: report, until: stop) { report in
                try await restore(into: MemoryReplica(name: "drill"), &report)
            }
        }
        let scratch = server.database(ScratchName.make(for: name))
        try await onScratch(scratch.url)
        var ended = await outcome(of: report, until: StopRequest()) { _ in try await make(scratch, until: stop) }
        if stop.isRequested { ended.reason = Self.stopped }
        if ended.reason == nil {
            ended = await outcome(of: ended, until: stop) { report in try await restore(into: scratch, &report) }
        }
        do {
            if try await scratch.exists() { try await scratch.delete() }
        } catch {
            // What was seen is evidence all the same.
            ended.leftover = "the scratch \(scratch.url) could not be removed: \(error)"
        }
        return ended
    }

    private static let stopped = "it was stopped"

    // MARK: Before and after

    /// The backup's name.
    private var name: String {
        switch backup {
        case .moment(let vault): vault.name
        case .database(let database): database.name
        }
    }

    private func begin() -> DrillReport {
        let at = now()
        switch backup {
        case .moment(let vault):
            var report = DrillReport(
                backup: "vault:\(vault.name)", moment: vault.moment?.number, asOf: vault.moment?.time ?? at,
                place: place.name, at: at)
            if let moment = vault.moment, !moment.isComplete { report.setAside = moment.setAside }
            return report
        case .database(let database):
            return DrillReport(backup: database.url, moment: nil, asOf: at, place: place.name, at: at)
        }
    }

    /// Looks for what a moment has lost itself: the comparison would be with the same rows, and can't miss any.
    private func lookForLoss(_ report: inout DrillReport) async throws {
        guard case .moment(let vault) = backup else { return }
        var loss = try await vault.lossOfLeaves()
        if loss == nil { loss = try await vault.sourceSettings().loss }
        guard let loss else { return }
        (report.verdict, report.reason) = (.different, loss)
    }

    private func expectSmall() async throws {
        let size =
            switch backup {
            case .moment(let vault): try await vault.contentBytes()
            case .database(let database): try await database.info().activeSize ?? .max
            }
        guard size <= memoryLimit else {
            throw DrillError(
                .tooLarge, "the backup has \(size) bytes, and at most \(memoryLimit) are restored into memory",
                next: "rehearse on a server: --server URL")
        }
    }

    /// Runs the body where it can be cut off, and turns what it throws into the report's verdict.
    private func outcome(
        of report: DrillReport, until stop: StopRequest,
        _ body: @escaping @Sendable (inout DrillReport) async throws -> Void
    ) async -> DrillReport {
        var failed = report
        do {
            let ended = try await stop.cutting {
                var report = report
                try await body(&report)
                return report
            }
            if let ended { return ended }
            failed.reason = Self.stopped
        } catch let error as ReplicationFailure {
            failed.reason = "\(error.side == .source ? "the backup" : "the scratch"): \(error.underlying)"
            failed.verdict = (error.underlying as? VaultError)?.code == .damaged ? .different : .unknown
            if error.side == .target, let error = error.underlying as? CouchError {
                failed.obstacle = DrillReport.Obstacle(error)
            }
        } catch let error as VaultError {
            failed.reason = "\(error)"
            failed.verdict = error.code == .damaged ? .different : .unknown
        } catch {
            failed.reason = "\(error)"
        }
        return failed
    }

    // MARK: Restoring

    private func restore(into memory: MemoryReplica, _ report: inout DrillReport) async throws {
        let before = try await AwayNodes.ask(replica, memory)
        try await rehearse(replica, in: memory, &report)
        try await readAttachments(of: memory, &report)
        let after = try await AwayNodes.ask(replica, memory, repeating: RestoreOptions().replication)
        report.doubt(AwayNodes.worse(before, after)?.source?.hiding)
    }

    /// Reads the attachments of what was restored: a copy in memory has them as files that nobody has opened yet.
    ///
    /// Their bytes are checked behind the last piece of each.
    private func readAttachments(of memory: MemoryReplica, _ report: inout DrillReport) async throws {
        let began = ContinuousClock.now
        var damaged: [DrillReport.Problem] = []
        // Comparing has read those of the vault already.
        let known = Set(report.problems.map(\.id))
        _ = try await memory.readLeaves(since: .zero) { page, _ in
            try await memory.revisions(page) { answer in
                guard case .given(let revisions) = answer.outcome, !known.contains(answer.id.text) else { return }
                for attachment in revisions.flatMap(\.attachments) {
                    do {
                        var pieces = try AttachmentPieces(of: attachment, isDecoded: false)
                        while try await pieces.next() != nil {}
                    } catch let error as VaultError where error.code == .damaged {
                        damaged.append(DrillReport.Problem(id: answer.id.text, reason: error.what))
                    } catch let error as CouchError where error.code == .malformedAnswer {
                        damaged.append(DrillReport.Problem(id: answer.id.text, reason: error.message))
                    }
                }
            }
        }
        report.compareSeconds += began.duration(to: .now) / .seconds(1)
        guard !damaged.isEmpty else { return }
        let isOnlyDamage = report.differing == 0 || report.reason != nil
        report.differing += Set(damaged.map(\.id)).count
        for problem in damaged { report.note(problem) }
        report.verdict = .different
        if isOnlyDamage, isInVault { report.reason = DrillReport.damage(of: report.differing) }
    }

    /// Makes the scratch, and tries again where that failed in a way that may pass.
    ///
    /// A call is not cut off: a server that was asked for a database may make it when nobody looks for it any more. The pauses
    /// are.
    private func make(_ scratch: CouchDatabase, until stop: StopRequest) async throws {
        var pause = Duration.milliseconds(500)
        for attempt in 1... {
            do {
                return try await makeOnce(scratch)
            } catch let failure as ReplicationFailure {
                let error = failure.underlying as? CouchError
                // An attempt before may have made it without an answer; its name is no other's.
                if attempt > 1, error?.code == .preconditionFailed { return }
                guard attempt < Self.attempts, FailureKind(failure.underlying) == .passing, !stop.isRequested else {
                    throw failure
                }
                _ = try await stop.cutting { [pause] in try await Task.sleep(for: pause) }
                if stop.isRequested { throw failure }
                pause *= 2
            }
        }
    }

    private static let attempts = 7

    private func makeOnce(_ scratch: CouchDatabase) async throws {
        switch backup {
        case .moment(let vault):
            var run = restoring(vault, into: scratch)
            run.options.replication.attempts = 1
            try await run.makeTarget()
        case .database:
            try await ReplicationFailure.Side.target.naming {
                try await scratch.create()
                // On old servers a new database is open to everybody.
                try await scratch.setSecurity(document: Self.forAdministrators)
            }
        }
    }

    private func restoring(_ vault: VaultDatabase, into scratch: CouchDatabase) -> RestoreRun {
        var options = RestoreOptions()
        // What an incomplete moment has is to be restored too.
        options.acceptsIncomplete = true
        var run = RestoreRun(of: vault, to: scratch, options: options)
        run.onProgress = onProgress
        return run
    }

    private func restore(into scratch: CouchDatabase, _ report: inout DrillReport) async throws {
        switch backup {
        case .moment(let vault):
            let began = ContinuousClock.now
            let run = restoring(vault, into: scratch)
            let result = try await run.run()
            report.restoreSeconds = began.duration(to: .now) / .seconds(1)
            report.documents = result.plan.documents
            report.bytes = result.counts.bytesStored
            report.differing = result.comparison.different
            for difference in result.differences { report.note(difference.drillProblem) }
            // What the server did not take says nothing of the backup, and goes away with the scratch.
            for failure in result.settingFailures {
                report.note(DrillReport.Problem(id: failure.id.text, reason: "not restored: \(failure.reason)"))
            }
            try await compareBodies(vault, CouchReplica(scratch), refusals: result.refusals, &report)
            report.doubt(result.nodesAway?.thinness)
        case .database(let database):
            let (source, target) = (CouchReplica(database), CouchReplica(scratch))
            let before = try await AwayNodes.ask(source, target)
            try await rehearse(source, in: target, &report)
            let after = try await AwayNodes.ask(source, target, repeating: RestoreOptions().replication)
            let away = AwayNodes.worse(before, after)
            report.doubt(away?.source?.hiding)
            report.doubt(away?.target?.thinness)
        }
    }

    private static let forAdministrators = Data(
        #"{"admins":{"names":[],"roles":["_admin"]},"members":{"names":[],"roles":["_admin"]}}"#.utf8)

    private var isInVault: Bool { if case .moment = backup { true } else { false } }

    private var replica: any ComparableReplica {
        switch backup {
        case .moment(let vault): vault
        case .database(let database): CouchReplica(database)
        }
    }

    private func copy(
        _ source: any ComparableReplica, to target: any ComparableReplica, _ report: inout DrillReport
    ) async throws -> ReplicationReport {
        let began = ContinuousClock.now
        var options = RestoreOptions().replication
        options.checkpointID = "drill"
        // Nothing is left in the backup.
        options.leavesWitness = false
        // Their functions may refuse what was written before them.
        options.storesDesignDocumentsLast = true
        let result = try await Replicator(from: source, to: target, options: options).run(reporting: onProgress)
        report.restoreSeconds += began.duration(to: .now) / .seconds(1)
        report.documents = max(report.documents, result.counts.documentsRead)
        report.bytes += result.counts.bytesStored
        return result
    }

    /// Copies and compares. A backup that is written to meanwhile has more than was copied: then once more.
    private func rehearse(
        _ source: any ComparableReplica, in target: any ComparableReplica, _ report: inout DrillReport
    ) async throws {
        for _ in 0..<Self.rounds {
            let before = try await ReplicationFailure.Side.source.naming { try await source.describe() }
            (report.differing, report.problems, report.reason) = (0, [], nil)
            let refusals = try await copy(source, to: target, &report).refusals
            let isOnlyLacking = try await compare(source, target, refusals: refusals, &report)
            guard report.verdict == .different, isOnlyLacking else { return }
            let after = try await ReplicationFailure.Side.source.naming { try await source.describe() }
            guard before.updateSequence != after.updateSequence else { return }
        }
        report.verdict = .unknown
        report.reason = "the backup was written to all the time; rehearse when it has less to do"
    }

    private static let rounds = 4

    // MARK: Comparing

    /// Compares revisions, then contents.
    ///
    /// - Returns: Whether nothing differs but that the copy lacks something.
    private func compare(
        _ source: any ComparableReplica, _ target: any ComparableReplica, refusals: [Refusal],
        _ report: inout DrillReport
    ) async throws -> Bool {
        let began = ContinuousClock.now
        let comparator = ReplicaComparator(source, target)
        let result = try await comparator.run { report.note($0.drillProblem) }
        report.compareSeconds += began.duration(to: .now) / .seconds(1)
        report.differing += result.counts.different
        let bodies = try await compareBodies(source, target, refusals: refusals, &report)
        return refusals.isEmpty && result.counts.extra == 0 && bodies.counts.isEqual && bodies.unreadable == 0
    }

    @discardableResult
    private func compareBodies(
        _ source: any ComparableReplica, _ target: any ComparableReplica, refusals: [Refusal],
        _ report: inout DrillReport
    ) async throws -> BodyReport {
        let began = ContinuousClock.now
        var comparator = BodyComparator(source, target)
        comparator.onProgress = { [onComparison] state, _ in onComparison(state) }
        let bodies = try await comparator.run { report.note($0.drillProblem) }
        report.compareSeconds += began.duration(to: .now) / .seconds(1)
        report.revisions = bodies.revisions
        report.differing += bodies.counts.different
        report.conclude(bodies, refusals: refusals, isInVault: isInVault)
        return bodies
    }
}
