import Foundation

extension Scheduler {
    /// Starts a transient job, unless one of that id runs already.
    func startTransient(
        _ specification: ReplicationSpecification, user: String?, on server: SimulatedServer
    ) -> String {
        let id = specification.id(on: server.uuid)
        if table.jobs[id] == nil {
            table.add(id: id, specification: specification, document: nil, user: user, at: server.options.now())
            wake()
        }
        return id
    }

    /// Runs a transient one-shot job to its end.
    func runTransient(
        _ specification: ReplicationSpecification, user: String?, on server: SimulatedServer
    ) async -> Result<ReplicationRun.Outcome, CrashReason> {
        let id = startTransient(specification, user: user, on: server)
        if let owner = table.jobs[id]?.document {
            return .failure(CrashReason("duplicate_job: `\(id)` is started by document `\(owner.id)`"))
        }
        return await withCheckedContinuation { endings[id, default: []].append($0) }
    }

    /// Ends a transient job; false where there is none.
    func cancelTransient(_ id: String) -> Bool {
        guard let job = table.jobs[id], job.document == nil else { return false }
        table.remove(id)
        for waiter in endings.removeValue(forKey: id) ?? [] {
            waiter.resume(returning: .failure(CrashReason("cancelled: the replication was cancelled")))
        }
        wake()
        return true
    }
}
