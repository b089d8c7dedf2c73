import CouchDB

/// Waits for tests: they end when something has happened, never by time alone.
extension Scheduler {
    /// Waits until the document's job has copied all of its source and recorded that on both sides, or has completed.
    package func caughtUp(_ documentID: String, in database: String = "_replicator") async throws {
        try await wait { $0.hasCaughtUp(ReplicationDocumentKey(database: database, id: documentID)) }
    }

    /// Waits until the document is in one of the states.
    package func reaches(
        _ states: ReplicationState..., documentID: String, in database: String = "_replicator"
    ) async throws {
        let key = ReplicationDocumentKey(database: database, id: documentID)
        try await wait { scheduler in
            scheduler.documentRow(key)?["state"]?.string.map { states.contains(ReplicationState(rawValue: $0)) }
                ?? false
        }
    }

    /// Waits until the document has crashed that often since its job was added.
    package func crashes(
        _ count: Int, documentID: String, in database: String = "_replicator"
    ) async throws {
        let key = ReplicationDocumentKey(database: database, id: documentID)
        try await wait { scheduler in
            guard let job = scheduler.table.jobs.values.first(where: { $0.document == key }) else { return false }
            return job.history.count { $0.kind == .crashed } >= count
        }
    }

    /// Waits until the job has crashed with a reason that contains the text.
    package func crashes(
        saying text: String, documentID: String, in database: String = "_replicator"
    ) async throws {
        let key = ReplicationDocumentKey(database: database, id: documentID)
        try await wait { scheduler in
            guard let job = scheduler.table.jobs.values.first(where: { $0.document == key }) else { return false }
            return job.history.contains { $0.reason?.contains(text) ?? false }
        }
    }

    /// Waits until nothing is left to do: every document is caught up, crashing, in error, failed or completed.
    package func idle() async throws {
        try await wait { scheduler in
            scheduler.records.allSatisfy { key, record in
                switch record.state {
                case .initializing: false
                case .error, .failed, .completed: true
                case .scheduled(let id):
                    scheduler.table.jobs[id]?.isCrashed ?? false || scheduler.hasCaughtUp(key)
                }
            } && scheduler.hasReadAll
        }
    }

    /// Waits until the scheduler knows no job or document of that id any more.
    package func forgets(_ documentID: String, in database: String = "_replicator") async throws {
        let key = ReplicationDocumentKey(database: database, id: documentID)
        try await wait { scheduler in
            scheduler.records[key] == nil && !scheduler.table.jobs.values.contains { $0.document == key }
        }
    }

    /// Waits until a 1.x server has given the document's job up.
    package func givesUp(_ documentID: String, in database: String = "_replicator") async throws {
        let key = ReplicationDocumentKey(database: database, id: documentID)
        try await wait { scheduler in
            guard case .scheduled(let id) = scheduler.records[key]?.state else { return false }
            return scheduler.table.jobs[id] == nil
        }
    }

    private var hasReadAll: Bool {
        positions.values.allSatisfy { $0.database.updateSequence == $0.sequence } && !positions.isEmpty
    }

    private func hasCaughtUp(_ key: ReplicationDocumentKey) -> Bool {
        switch records[key]?.state {
        case .completed: return true
        case .scheduled(let id):
            guard let job = table.jobs[id], job.isRunning, let progress = job.progress, progress.isIdle,
                progress.checkpointed == progress.through || !job.specification.usesCheckpoints
            else { return false }
            // Where the source can be looked at, the job may not have heard yet of what has just been written there.
            guard let source = Neighbourhood.shared.database(at: job.specification.source.url) else { return true }
            return source.position(progress.through).map { $0 >= source.replicatedSequence } ?? true
        default: return false
        }
    }

    private func wait(until condition: (isolated Scheduler) -> Bool) async throws {
        while true {
            let version = changed.version
            if condition(self) { return }
            try Task.checkCancellation()
            await changed.wait(beyond: version)
        }
    }
}
