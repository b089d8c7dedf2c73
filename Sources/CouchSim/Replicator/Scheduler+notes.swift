import CouchDB
import Foundation

/// What the replicator writes into replication documents.
extension Scheduler {
    /// Says that a replication will never be tried again.
    func fail(
        _ key: ReplicationDocumentKey, _ specification: ReplicationSpecification?, _ reason: String,
        on server: SimulatedServer
    ) {
        let date = server.options.now()
        records[key] = ReplicationRecord(
            specification: specification, state: .failed(reason: reason), start: date, updated: date)
        note(
            key,
            [
                .init("_replication_state", .string(flavour.hasScheduler ? "failed" : "error")),
                .init("_replication_state_time", .string(date.couchTime)),
                .init("_replication_state_reason", .string(reason)),
            ], on: server)
    }

    /// Says that a one-shot replication has copied everything.
    func completed(_ job: Job, on server: SimulatedServer) {
        guard let present = table.jobs[job.id], present.control === job.control else { return }
        table.remove(job.id)
        guard let key = job.document, let progress = present.progress else { return }
        let date = server.options.now()
        var statistics = progress.counters.shown(flavour)
        statistics.append(.init("checkpointed_source_seq", progress.checkpointed))
        records[key]?.state = .completed(statistics: .object(statistics))
        records[key]?.updated = date
        statistics.append(.init("start_time", .string(job.added.couchTime)))
        var fields: [OrderedJSON.Member] = [
            .init("_replication_state", "completed"), .init("_replication_state_time", .string(date.couchTime)),
        ]
        if flavour.hasScheduler { fields.append(.init("_replication_stats", .object(statistics))) }
        note(key, fields, on: server)
    }

    /// 1.x notes in the document that a replication was started.
    func noteTriggered(_ job: Job, on server: SimulatedServer) {
        guard !flavour.hasScheduler, let key = job.document else { return }
        note(
            key,
            [
                .init("_replication_state", "triggered"),
                .init("_replication_state_time", .string(server.options.now().couchTime)),
                .init("_replication_id", .string(job.baseID)),
            ], on: server)
    }

    /// 1.x notes each error, and gives up after ten retries.
    func noteCrash(_ job: Job, _ reason: CrashReason, on server: SimulatedServer) {
        guard !flavour.hasScheduler, let key = job.document else { return }
        retryCounts[key, default: 0] += 1
        note(
            key,
            [
                .init("_replication_state", "error"),
                .init("_replication_state_time", .string(server.options.now().couchTime)),
                .init("_replication_state_reason", .string(reason.text)),
                .init("_replication_id", .string(job.baseID)),
            ], on: server)
        if retryCounts[key, default: 0] > 10 { table.remove(job.id) }
    }

    /// Replaces the replicator's fields of a document.
    private func note(_ key: ReplicationDocumentKey, _ fields: [OrderedJSON.Member], on server: SimulatedServer) {
        // The database or the document may be gone by now; then there is nothing to note.
        guard let database = try? server.database(key.database),
            let winner = database.read({ $0.documents[key.id]?.tree.winner }), !winner.isDeleted,
            let body = winner.body,
            let json = try? JSONParser.parse(OrderedJSON.document([], body.members).serialized),
            var input = try? DocumentInput(.object(json.members ?? []))
        else { return }
        input.members.removeAll { $0.name.hasPrefix("_replication_") }
        input.members += fields
        input.revision = winner.id
        // Somebody else's newer revision wins over the note.
        _ = try? server.edit(input, id: key.id, in: database, context: .system)
    }
}
