import CouchDB

/// Finds the documents, jobs and tasks of each pair among all those of a server, without comparing every one with
/// every pair.
package struct ReplicationIndex: Sendable {
    private struct Route: Hashable {
        var source: String
        var target: String
    }

    private var documents: [Route: [ReplicationObservation.Documented]] = [:]
    private var transientJobs: [Route: [SchedulerJob]] = [:]
    private var transientTasks: [Route: [ActiveTask]] = [:]
    private var foreignJobs: [Route: [SchedulerJob]] = [:]
    private var owned: [String: ReplicationObservation.Documented] = [:]

    /// Sorts the replications of one server by where they come from and go to.
    package init(_ observation: ReplicationsObservation) {
        let jobs = observation.jobs.value ?? []
        let tasks = observation.activeTasks.value ?? []
        let scheduled = Dictionary(
            (observation.schedulerDocuments.value ?? []).map { ($0.documentID, $0) }
        ) { first, _ in first }
        var jobByDocument: [String: SchedulerJob] = [:]
        for job in jobs {
            if let document = job.documentID {
                // Another database, such as `a/_replicator`, may have a document of the same id.
                if Self.isReplicator(job.database) {
                    // Two nodes may have one job, of which one works.
                    if jobByDocument[document]?.isRunning != true { jobByDocument[document] = job }
                } else {
                    foreignJobs[Self.route(job.source, job.target), default: []].append(job)
                }
            } else {
                transientJobs[Self.route(job.source, job.target), default: []].append(job)
            }
        }
        let taskByDocument = Dictionary(
            tasks.filter { Self.isReplicator($0.database) }.compactMap { task in task.documentID.map { ($0, task) } }
        ) { first, _ in first }
        let jobIDs = Set(jobs.map(\.id))
        for task in tasks where task.documentID == nil && !jobIDs.contains(task.id) {
            transientTasks[Self.route(task.source, task.target), default: []].append(task)
        }
        for document in observation.documents.value ?? [] {
            let documented = ReplicationObservation.Documented(
                document: document, scheduled: scheduled[document.id], job: jobByDocument[document.id],
                task: taskByDocument[document.id])
            if documented.isOwned { owned[document.id] = documented }
            guard let source = document.source, let target = document.target else { continue }
            documents[Self.route(source.url, target.url), default: []].append(documented)
        }
    }

    /// What replicates one pair.
    package func replication(for desired: DesiredReplication) -> ReplicationObservation {
        var found = ReplicationObservation()
        // One place may be that of two addresses.
        func isOurs(_ source: String, _ target: String) -> Bool { desired.matches(source: source, target: target) }
        for source in desired.sourcePlaces {
            for target in desired.targetPlaces {
                let route = Route(source: source, target: target)
                found.documents += (documents[route] ?? []).filter {
                    desired.matches(
                        source: $0.document.source?.url, target: $0.document.target?.url, isOwned: $0.isOwned)
                }
                found.transientJobs += (transientJobs[route] ?? []).filter { isOurs($0.source, $0.target) }
                found.transientTasks += (transientTasks[route] ?? []).filter { isOurs($0.source, $0.target) }
                found.foreignJobs += (foreignJobs[route] ?? []).filter { isOurs($0.source, $0.target) }
            }
        }
        // A document of ours whose address was edited is still the pair's.
        if !found.documents.contains(where: { $0.document.id == desired.documentID }),
            let own = owned[desired.documentID]
        {
            found.documents.append(own)
        }
        found.documents.sort { ($0.isOwned ? 0 : 1, $0.document.id) < ($1.isOwned ? 0 : 1, $1.document.id) }
        return found
    }

    /// Whether it is the server's `_replicator`, which tasks name as a shard: `shards/00000000-7fffffff/_replicator.1665052660`.
    private static func isReplicator(_ database: String?) -> Bool {
        guard let database else { return true }
        return database == "_replicator" || database.wholeMatch(of: #/shards\/[0-9a-f-]+\/_replicator\.\d+/#) != nil
    }

    private static func route(_ source: String, _ target: String) -> Route {
        Route(source: EndpointSpelling.place(source), target: EndpointSpelling.place(target))
    }
}
