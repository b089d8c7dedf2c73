import CouchDB
import Secrets

/// Looks at one server, with few requests whatever the number of its pairs.
struct ServerObserver {
    let server: SupervisedServer

    private var connection: ServerConnection { server.connection }

    /// Asks who the server is, whom it takes us for, and which databases it has.
    func identify(listsDatabases: Bool) async throws -> ServerObservation {
        if let secretError = server.secretError {
            var observation = ServerObservation.unreachable(
                server.name, CouchError(.unauthorized, "its secret can't be had: \(secretError.message)"))
            observation.secretError = secretError
            // Without the certificates that it is to have, nothing that a server says is believed.
            guard secretError.code != SupervisedServer.certificatesUnusable else { return observation }
            observation.info = try await Observed.catching { try await connection.info() }
            return observation
        }
        let info = try await Observed.catching { try await connection.info() }
        if let error = info.error { return .unreachable(server.name, error) }
        let login = try await Observed.catching {
            let session = try await connection.session()
            if server.expectsUser, session.userName == nil {
                throw CouchError(.unauthorized, "the server takes us for nobody", status: 401)
            }
            return session
        }
        let names: Observed<[String]> =
            listsDatabases ? try await .catching { try await connection.databaseNames() } : .known([])
        return ServerObservation(
            name: server.name, info: info, login: login, databaseNames: names, databases: .known([:]))
    }

    /// Looks at databases; one that is missing in the answer does not exist.
    func databases(_ names: [String]) async throws -> Observed<[String: DatabaseObservation]> {
        try await Observed.catching { try await connection.databaseInfos(names) }.map { answer in
            answer.infos.mapValues(DatabaseObservation.present)
                .merging(answer.failures.mapValues(DatabaseObservation.unknown)) { first, _ in first }
        }
    }

    /// Asks for the nodes of its cluster, one request; nil of a server that is none or does not tell.
    func membership() async throws -> Observed<Membership?> {
        try await .catching { try await connection.knownMembership() }
    }

    /// Reads all that the server says of its replications; the nodes that are away are noted beside them.
    func replications(on info: ServerInfo) async throws -> ReplicationsObservation {
        let documents = try await Observed.catching { try await connection.replicationDocuments(in: "_replicator") }
        let tasks = try await Observed.catching { try await connection.activeReplications() }
        let settings = try await Observed.catching { try await connection.configuration(section: "replicator") }
        guard info.hasScheduler else {
            // Here the tasks alone tell what runs: without them nothing is known of any job.
            return ReplicationsObservation(
                jobs: tasks.map { _ in [] }, schedulerDocuments: .known([]), documents: documents, activeTasks: tasks,
                settings: settings, hasScheduler: false)
        }
        let jobs = try await Observed.catching { try await connection.schedulerJobs() }
        let listed = try await Observed.catching {
            do {
                return try await connection.schedulerDocuments(in: "_replicator")
            } catch let error as CouchError where error.code == .notFound && documents.value?.isEmpty == true {
                // A cluster that was never told to make its system databases has no _replicator, and so no documents.
                return []
            }
        }
        return ReplicationsObservation(
            jobs: jobs, schedulerDocuments: try await withHiddenDocuments(listed, documents: documents.value ?? []),
            documents: documents, activeTasks: tasks, settings: settings)
    }

    /// Adds the documents that the list leaves out since their state is null (couch_replicator_fabric.erl).
    ///
    /// They are asked for one by one, a hundred at most: more than that is not an accident of single documents.
    private func withHiddenDocuments(
        _ listed: Observed<[SchedulerDocument]>, documents: [ReplicationDocument]
    ) async throws -> Observed<[SchedulerDocument]> {
        guard case .known(var rows) = listed else { return listed }
        let known = Set(rows.map(\.documentID))
        for document in documents.filter({ !known.contains($0.id) }).prefix(100) {
            let row = try await Observed.catching {
                try await connection.schedulerDocument(document.id, in: "_replicator")
            }
            switch row {
            case .known(let row?): rows.append(row)
            case .known(nil): break
            case .unknown(let error): return .unknown(error)
            }
        }
        return .known(rows)
    }
}
