import AsyncHTTPClient
import CouchDB
import Foundation
import NIOHTTP1
import Synchronization

extension Scheduler {
    /// Reads what has changed in the `_replicator` databases.
    func readDocuments(on server: SimulatedServer) {
        let databases = server.state.withLock(\.replicators)
        for (name, position) in positions where !databases.contains(where: { $0 === position.database }) {
            for key in records.keys where key.database == name { forget(key) }
            positions[name] = nil
        }
        for database in databases {
            let since = positions[database.name]?.sequence ?? 0
            guard since == 0 || database.updateSequence != since else { continue }
            let (documents, sequence) = database.read { content in
                let changed = content.order.changes(after: since).map { change in
                    (change.id, content.documents[change.id]?.tree.winner)
                }
                return (changed, content.sequence)
            }
            for (id, winner) in documents where !id.hasPrefix("_design/") {
                process(ReplicationDocumentKey(database: database.name, id: id), winner, on: server)
            }
            positions[database.name] = (database, sequence)
        }
    }

    private func process(
        _ key: ReplicationDocumentKey, _ winner: RevisionTree<DocumentBody>.Revision?, on server: SimulatedServer
    ) {
        guard let winner, !winner.isDeleted, let body = winner.body,
            // What is stored was parsed before.
            let json = try? JSONParser.parse(OrderedJSON.document([], body.members).serialized)
        else { return forget(key) }
        let date = server.options.now()
        switch json["_replication_state"]?.string {
        case "completed":
            forget(key)
            records[key] = record(json, .completed(statistics: Self.statistics(json)), date)
        case "failed" where flavour.hasScheduler:
            forget(key)
            records[key] = record(json, .failed(reason: json["_replication_state_reason"]?.string ?? ""), date)
        case "error" where !flavour.hasScheduler && records[key] != nil:
            // 1.x retries by itself; its own note is no change.
            return
        default:
            begin(key, json, on: server)
        }
    }

    private func begin(_ key: ReplicationDocumentKey, _ json: OrderedJSON, on server: SimulatedServer) {
        let date = server.options.now()
        do throws(CouchFailure) {
            let specification = try ReplicationSpecification(json.members ?? [])
            // A change that alters nothing of the replication is none, nor is the replicator's own note.
            if let record = records[key], record.specification == specification, !Self.isOver(record.state) { return }
            forget(key)
            records[key] = ReplicationRecord(
                specification: specification, state: .initializing, start: date, updated: date)
            undecided.append(key)
        } catch {
            forget(key)
            fail(key, nil, error.reason, on: server)
        }
    }

    /// Makes jobs of the documents that have none yet.
    func decideIDs(on server: SimulatedServer, client: HTTPClient) async {
        let now = timing.elapsed()
        let waiting = undecided
        undecided = []
        for key in waiting {
            guard let record = records[key] else { continue }
            var count = 0
            switch record.state {
            case .initializing: break
            case .error(_, let errors, let retryAt):
                guard retryAt <= now else {
                    undecided.append(key)
                    continue
                }
                count = errors
            default: continue
            }
            guard let specification = record.specification else { continue }
            if let filter = specification.filter, let reason = await filterFailure(filter, specification, client) {
                setError(key, reason, after: count, on: server)
                continue
            }
            schedule(key, specification, errors: count, on: server)
        }
    }

    private func schedule(
        _ key: ReplicationDocumentKey, _ specification: ReplicationSpecification, errors: Int,
        on server: SimulatedServer
    ) {
        // The document may have changed while a filter was fetched.
        guard records[key]?.specification == specification else { return }
        let id = specification.id(on: server.uuid)
        if let other = table.jobs[id] {
            guard let owner = other.document else {
                let reason =
                    "Replication `\(id)` specified by document `\(key.id)` already running as a transient replication, "
                    + "started via `_replicate` API endpoint"
                return setError(key, reason, after: errors, on: server)
            }
            let reason =
                "Replication `\(id)` specified by document `\(key.id)` already started, "
                + "triggered by document `\(owner.id)` from db `\(owner.database)`"
            return fail(key, specification, reason, on: server)
        }
        let date = server.options.now()
        table.add(id: id, specification: specification, document: key, user: nil, at: date)
        records[key]?.state = .scheduled(id)
        records[key]?.updated = date
    }

    private func setError(
        _ key: ReplicationDocumentKey, _ reason: String, after count: Int, on server: SimulatedServer
    ) {
        let pause = timing.scaled(milliseconds: 64_000 << min(count, 12))
        records[key]?.state = .error(reason: reason, count: count + 1, retryAt: timing.elapsed() + pause)
        records[key]?.updated = server.options.now()
        undecided.append(key)
    }

    private func filterFailure(
        _ filter: String, _ specification: ReplicationSpecification, _ client: HTTPClient
    ) async -> String? {
        let design = "_design/\(filter.prefix { $0 != "/" })"
        let source = RemoteDatabase(
            endpoint: specification.source, client: client, gate: gate, retries: 0, pause: { _ in })
        do {
            let answer = try await source.send(.GET, design)
            guard answer.status == 200 else {
                let error = answer.json?["error"]?.string ?? "\(answer.status)"
                return
                    "Couldn't open document `\(design)` from source database `\(source.url)`: {error,<<\"\(error)\">>}"
            }
            return "The simulated server runs no filter functions"
        } catch {
            return "Couldn't open document `\(design)` from source database `\(source.url)`: \(error)"
        }
    }

    /// Ends what was made of a document, and forgets it.
    func forget(_ key: ReplicationDocumentKey) {
        if case .scheduled(let id) = records[key]?.state, table.jobs[id]?.document == key { table.remove(id) }
        records[key] = nil
        retryCounts[key] = nil
    }

    private func record(_ json: OrderedJSON, _ state: ReplicationRecord.State, _ date: Date) -> ReplicationRecord {
        // A document that is over may be anything; what can't be read is not shown.
        let specification = try? ReplicationSpecification(json.members ?? [])
        let time = json["_replication_state_time"]?.string.flatMap { try? Date($0, strategy: .iso8601) } ?? date
        let start = json["_replication_stats"]?["start_time"]?.string.flatMap { try? Date($0, strategy: .iso8601) }
        return ReplicationRecord(
            specification: specification, state: state, start: state.isFailed ? time : start, updated: time)
    }

    private static func statistics(_ json: OrderedJSON) -> OrderedJSON {
        .object((json["_replication_stats"]?.members ?? []).filter { $0.name != "start_time" })
    }

    private static func isOver(_ state: ReplicationRecord.State) -> Bool {
        switch state {
        case .failed, .completed: true
        default: false
        }
    }
}
