import CouchDB
import Secrets

/// What one pass saw of one server: few requests, whatever the number of pairs.
package struct ServerObservation: Sendable {
    /// The server's name in the configuration.
    package var name: String
    /// `GET /`, after which the login was tried too.
    package var info: Observed<ServerInfo>
    /// Whether the login was accepted; unknown where the server can't be reached.
    package var login: Observed<SessionInfo>
    /// The databases' names.
    package var databaseNames: Observed<[String]>
    /// The databases that pairs of this pass need; one that is missing here does not exist.
    package var databases: Observed<[String: DatabaseObservation]>
    /// The nodes of its cluster; nil inside where it is none, or nobody tells.
    package private(set) var membership: Observed<Membership?> = .unknown(CouchError(.unreachable, "nobody was asked"))
    /// What the scheduler and the `_replicator` database say; nil where no pair runs here.
    package var replications: ReplicationsObservation?
    /// Why nobody could log in here: a secret that can't be had.
    package var secretError: SecretError?

    package init(
        name: String, info: Observed<ServerInfo>, login: Observed<SessionInfo>, databaseNames: Observed<[String]>,
        databases: Observed<[String: DatabaseObservation]>, replications: ReplicationsObservation? = nil
    ) {
        self.name = name
        self.info = info
        self.login = login
        self.databaseNames = databaseNames
        self.databases = databases
        self.replications = replications
    }

    /// A server about which nothing could be learned.
    package static func unreachable(_ name: String, _ error: CouchError) -> ServerObservation {
        ServerObservation(
            name: name, info: .unknown(error), login: .unknown(error), databaseNames: .unknown(error),
            databases: .unknown(error), replications: nil)
    }

    /// Notes which nodes there are; those that are away hide their jobs.
    package mutating func note(_ membership: Observed<Membership?>) {
        self.membership = membership
        replications?.missingNodes = membership.map { $0?.missingNodes ?? [] }
    }

    /// The nodes of its cluster, as it told last: that they could not be asked for brings none of them back.
    package func nodes(after memory: ServerMemory?) -> Membership? {
        switch membership {
        case .known(let told): told
        case .unknown: memory?.membership
        }
    }

    /// What is known of one database.
    package func database(_ name: String) -> DatabaseObservation {
        switch databases {
        case .unknown(let error): .unknown(error)
        case .known(let found): found[name] ?? .missing
        }
    }
}

/// What one pass saw of one database.
package enum DatabaseObservation: Sendable, Equatable {
    /// It exists.
    case present(DatabaseInfo)
    /// The server says that there is none of this name.
    case missing
    /// It could not be asked.
    case unknown(CouchError)

    /// The copies to count where nodes are away: those of its shards, or, where it is missing, those of the list of all
    /// databases, of which each node has one, and more than half of them acknowledge an entry (fabric_db_create.erl).
    package func copyCounts(in cluster: Membership) -> CopyCounts? {
        switch self {
        case .present(let info): info.copyCounts
        case .missing: CopyCounts(n: cluster.clusterNodes.count, w: nil)
        case .unknown: nil
        }
    }

    /// Whether it could be asked.
    var isKnown: Bool { if case .unknown = self { false } else { true } }

    /// The description, where the database exists.
    package var info: DatabaseInfo? {
        guard case .present(let info) = self else { return nil }
        return info
    }
}

/// What one pass saw of the replications on a server that runs some.
package struct ReplicationsObservation: Sendable {
    /// `_scheduler/jobs`; empty on 1.x, which has none, and there known as far as `_active_tasks` is.
    package var jobs: Observed<[SchedulerJob]>
    /// `_scheduler/docs`, with the documents of state null that the list leaves out; known and empty on 1.x.
    package var schedulerDocuments: Observed<[SchedulerDocument]>
    /// The documents of `_replicator`.
    package var documents: Observed<[ReplicationDocument]>
    /// The replications in `_active_tasks`.
    package var activeTasks: Observed<[ActiveTask]>
    /// The section `[replicator]` of the configuration.
    package var settings: Observed<[String: String]>
    /// Nodes of the cluster that can't be reached: their jobs are missing from every list.
    package var missingNodes: Observed<[String]>
    /// Whether the server has a scheduler (2.1 and later).
    package var hasScheduler: Bool

    package init(
        jobs: Observed<[SchedulerJob]>, schedulerDocuments: Observed<[SchedulerDocument]>,
        documents: Observed<[ReplicationDocument]>, activeTasks: Observed<[ActiveTask]>,
        settings: Observed<[String: String]>, missingNodes: Observed<[String]> = .known([]), hasScheduler: Bool = true
    ) {
        self.jobs = jobs
        self.schedulerDocuments = schedulerDocuments
        self.documents = documents
        self.activeTasks = activeTasks
        self.settings = settings
        self.missingNodes = missingNodes
        self.hasScheduler = hasScheduler
    }

    /// The first reason for which jobs or documents can't be known, or can't be known completely.
    package var blindness: CouchError? {
        if let error = jobs.error ?? schedulerDocuments.error ?? documents.error { return error }
        if let error = missingNodes.error { return error }
        // Without a scheduler the tasks are the only sign of life.
        if !hasScheduler, let error = activeTasks.error { return error }
        if let nodes = missingNodes.value, !nodes.isEmpty {
            return CouchError(
                .unreachable,
                "the cluster's nodes \(nodes.sorted().joined(separator: ", ")) are down; their jobs are not listed")
        }
        return nil
    }
}
