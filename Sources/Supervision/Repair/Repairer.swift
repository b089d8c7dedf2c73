import CouchDB
import Foundation

/// Carries out the steps of a plan on the servers.
///
/// Each step can be repeated after a kill at any point: what was done is found done.
struct Repairer {
    let pair: Pair
    let desired: DesiredReplication
    let source: CouchDatabase
    let target: CouchDatabase
    let coordinator: ServerConnection
    let coordinatorInfo: ServerInfo
    let pacing: RepairPacing

    private var replicator: CouchDatabase { coordinator.database("_replicator") }

    /// Takes one step.
    ///
    /// - Parameters:
    ///   - creation: what is known of a target that is made, also where the step fails.
    ///   - evidence: called before anything is deleted, with what is about to be.
    /// - Returns: why nothing was to be done; nil where the step was taken.
    /// - Throws: `CouchError`, after which the step may be taken again, or `CancellationError`.
    func perform(
        _ action: RepairAction, creation: inout PairMemory.Creation?,
        evidence: @Sendable (JSONValue) async throws -> Void
    ) async throws -> String? {
        switch action {
        case .createTarget(let q, let isPartitioned):
            try await createTarget(q: q, isPartitioned: isPartitioned, creation: &creation)
        case .copySecurity: return try await copySecurity()
        case .createReplication: try await write(desired.document(on: coordinatorInfo).members, as: desired.documentID)
        case .makeDurable(let id): try await makeDurable(id)
        case .rewriteReplication(let id): try await rewrite(id)
        case .removeReplication(let id): try await remove(id)
        case .restartReplication(let id): try await restart(id)
        case .resetCheckpoints(let id, let base): try await resetCheckpoints(id, base: base, evidence: evidence)
        }
        return nil
    }

    private func createTarget(
        q: Int?, isPartitioned: Bool, creation: inout PairMemory.Creation?
    ) async throws {
        // Read first: a target without the source's security would be open, or closed, to the wrong people.
        let security = try await source.security()
        creation = .begun
        do {
            // 1.x and gateways know no q.
            try await target.create(q: q, isPartitioned: isPartitioned)
        } catch let error as CouchError {
            // What was refused was not made: what has that name later is somebody else's. A gateway that has lost its patience
            // does not say whether it was.
            if let status = error.status, ![408, 502, 503, 504].contains(status) { creation = nil }
            // Somebody else made it meanwhile; its security is theirs.
            if error.code == .preconditionFailed { return }
            throw error
        }
        creation = .made
        if let members = security.object, !members.isEmpty { try await target.setSecurity(security) }
    }

    /// Gives a target that was made the source's security, unless somebody has given it one since.
    private func copySecurity() async throws -> String? {
        let security = try await source.security()
        let found = SecurityObject(try await target.security())
        guard found.isUnset else { return "left as it is, since somebody has set it" }
        try await target.setSecurity(security)
        return nil
    }

    /// Writes a document over whatever is there under its id.
    private func write(_ members: [String: JSONValue], as id: String) async throws {
        do {
            try await put(members, as: id)
        } catch let error as CouchError where error.isDatabaseMissing {
            // A cluster that was never told to make its system databases.
            try await replicator.create()
            try await put(members, as: id)
        }
    }

    private func put(_ members: [String: JSONValue], as id: String) async throws {
        var members = members
        let existing = try await replicator.document(id).map { try ReplicationDocument(answer: $0) }
        if let existing, !coordinatorInfo.hasScheduler, existing.recordedState == .triggered {
            return try await replace(existing, by: members)
        }
        members["_rev"] = existing?.revision.map(JSONValue.string)
        _ = try await replicator.putDocument(id, members: members)
    }

    /// Deletes a document and writes it anew: before 2.1 nobody but the replicator may change one that it has started
    /// (couch_replicator_js_functions.hrl).
    ///
    /// Where a kill in between leaves the pair without a replication, the next check finds it missing and writes
    /// Couchkeep's own document, also instead of one of somebody else that was being taken over.
    private func replace(_ existing: ReplicationDocument, by members: [String: JSONValue]) async throws {
        try await remove(existing.id)
        // While the old job lives, a new document of the same replication starts none (couch_replicator_manager.erl).
        let ended = try await Observed.catching {
            guard let base = existing.recordedID?.base else { return }
            try await waitUntilGone(base: base)
        }
        var members = members
        members["_rev"] = nil
        _ = try await replicator.putDocument(existing.id, members: members)
        if let error = ended.error { throw error }
    }

    /// Writes a document as it should be, keeping options that change only its speed.
    private func rewrite(_ id: String) async throws {
        let existing = try await replicator.document(id).map { try ReplicationDocument(answer: $0) }
        var members = existing?.membersForRestart() ?? [:]
        for option in existing?.partialOptions ?? [] { members[option] = nil }
        // With since_seq each start of the job reads from there, whatever the checkpoint (couch_replicator_scheduler_job.erl).
        for option in [
            "create_target", "create_target_params", "use_checkpoints", "cancel", "query_params", "since_seq",
        ] {
            members[option] = nil
        }
        members.merge(desired.document(on: coordinatorInfo).members) { _, wanted in wanted }
        members["_id"] = .string(id)
        if existing != nil { members["worker_batch_size"] = nextBatchSize(after: members["worker_batch_size"]) }
        try await write(members, as: id)
    }

    /// Changes an option that does not enter the replication id, since a document that is written unchanged restarts
    /// nothing (couch_replicator_doc_processor.erl) and no endpoint does.
    private func restart(_ id: String) async throws {
        guard let answer = try await replicator.document(id) else {
            throw CouchError(.notFound, "the replication document \(id) is gone")
        }
        var members = try ReplicationDocument(answer: answer).membersForRestart()
        members["worker_batch_size"] = nextBatchSize(after: members["worker_batch_size"])
        try await write(members, as: id)
    }

    private func nextBatchSize(after size: JSONValue?) -> JSONValue {
        switch size?.integer {
        case nil, 500: 499
        case let size?: .integer(Int64(size % 2 == 0 ? size - 1 : size + 1))
        }
    }

    private func remove(_ id: String) async throws {
        guard let revision = try await replicator.document(id)?["_rev"]?.string else { return }
        _ = try await replicator.deleteDocument(id, revision: revision)
    }

    /// Writes the whole document beside a job that has none; that it may not start beside it shows that both are one
    /// replication. A job that copies only a part does not tell so, but has another id.
    private func makeDurable(_ job: ReplicationID) async throws {
        let members = desired.document(on: coordinatorInfo).members
        guard coordinatorInfo.hasScheduler else {
            try await cancel(job)
            try await waitUntilGone(base: job.base)
            return try await write(members, as: desired.documentID)
        }
        try await write(members, as: desired.documentID)
        for _ in 0..<pacing.attempts {
            let row = try await coordinator.schedulerDocument(desired.documentID)
            if let row, let state = row.state, state != .initializing {
                let isSame = state == .error && ReplicationTransient.isSame(job, accordingTo: row.errorText ?? "")
                guard isSame else { return }
                try await cancel(job)
                try await waitUntilEnded(job)
                // It would be tried again by itself, but after a pause.
                return try await rewrite(desired.documentID)
            }
            try await pacing.pause()
        }
    }

    /// Waits until a job without a document is gone; the document's may have its id by then.
    private func waitUntilEnded(_ job: ReplicationID) async throws {
        for _ in 0..<pacing.attempts {
            if try await coordinator.schedulerJob(job)?.isTransient != true { return }
            try await pacing.pause()
        }
        throw CouchError(.timeout, "the job \(job) did not stop")
    }

    private func cancel(_ id: ReplicationID) async throws {
        do {
            _ = try await coordinator.replicate(
                ["replication_id": .string(id.text), "cancel": true], timeout: .seconds(60))
        } catch let error as CouchError where error.code == .notFound {
            // It has ended by itself.
        }
    }

    /// Stops the job, deletes both checkpoints, and writes the document again, also where something went wrong between:
    /// a backup with a hole is better than none.
    private func resetCheckpoints(
        _ id: String, base: String?, evidence: @Sendable (JSONValue) async throws -> Void
    ) async throws {
        guard let base else {
            throw CouchError(.notFound, "the replication id of \(id) is not known, so its checkpoints can't be found")
        }
        // A node may have gone away since the pass has looked.
        for database in [source, target] { try await expectCopies(of: database) }
        let existing = try await replicator.document(id).map { try ReplicationDocument(answer: $0).membersForRestart() }
        var members = existing ?? desired.document(on: coordinatorInfo).members
        // It would be begun from instead of the beginning.
        members[ReplicationPartial.lateStart] = nil
        let sourceLog = try await source.localDocument(base)
        let targetLog = try await target.localDocument(base)
        try await evidence([
            "replicationID": .string(base), "sourceLog": sourceLog ?? .null, "targetLog": targetLog ?? .null,
        ])
        let emptied = try await Observed.catching {
            // A running job would write its checkpoint again.
            try await remove(id)
            try await waitUntilGone(base: base)
            try await deleteCheckpoint(base, at: target)
        }
        // Without the target's, the source's alone is no common ground, and everything is read; it is deleted for order.
        let cleaned = try await Observed.catching { try await deleteCheckpoint(base, at: source) }
        try await write(members, as: id)
        if let error = emptied.error {
            throw CouchError(error.code, "the checkpoint at the target could not be deleted: \(error.message)")
        }
        if let error = cleaned.error, error.code != .forbidden, error.code != .unauthorized { throw error }
    }

    /// - Throws: `CouchError` where copies are away that would bring a checkpoint back.
    private func expectCopies(of database: CouchDatabase) async throws {
        guard let cluster = try await database.server.knownMembership(), !cluster.missingNodes.isEmpty,
            let away = try await database.nodesAway(try await database.info().copyCounts, of: cluster),
            away.mayHideWrites
        else { return }
        throw CouchError(
            .serverError, "no checkpoint is deleted now: \(away.summary), and would bring it back", error: "nodedown")
    }

    private func deleteCheckpoint(_ base: String, at database: CouchDatabase) async throws {
        guard let revision = try await database.localDocument(base)?["_rev"]?.string else { return }
        try await database.deleteLocalDocument(base, revision: revision)
    }

    /// Waits until no job of a replication id is left.
    private func waitUntilGone(base: String) async throws {
        for _ in 0..<pacing.attempts(untilGoneFrom: coordinatorInfo) {
            if try await !isAlive(base) { return }
            try await pacing.pause()
        }
        throw CouchError(.timeout, "the job \(base) did not stop")
    }

    private func isAlive(_ base: String) async throws -> Bool {
        guard coordinatorInfo.hasScheduler else {
            return try await coordinator.activeReplications().contains { $0.id.base == base }
        }
        for suffix in ["+continuous", "", "+continuous+create_target"] {
            if try await coordinator.schedulerJob(ReplicationID(base + suffix)) != nil { return true }
        }
        return false
    }
}

/// How a repair waits for the server to follow.
package struct RepairPacing: Sendable {
    /// How often it looks.
    package var attempts: Int
    /// What happens between two looks.
    package var pause: @Sendable () async throws -> Void

    package init(attempts: Int = 60, pause: @escaping @Sendable () async throws -> Void) {
        self.attempts = attempts
        self.pause = pause
    }

    /// How often it looks whether a job has ended: 1.x begins and ends all jobs one after another, so that one that can't
    /// connect holds up the others for its 30 seconds (seen on 1.2.2 and 1.7.1, up to 55 s).
    func attempts(untilGoneFrom coordinator: ServerInfo) -> Int { coordinator.hasScheduler ? attempts : 3 * attempts }

    /// Looks every half second, for half a minute.
    package static let standard = RepairPacing { try await Task.sleep(for: .milliseconds(500)) }
}
