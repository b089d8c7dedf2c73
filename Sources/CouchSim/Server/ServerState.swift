/// What a simulated server keeps over a restart: its databases and settings.
struct ServerState: Sendable {
    var databases: [String: Database] = [:] {
        didSet {
            guard oldValue.count != databases.count else { return }
            replicators = databases.values.filter(\.isReplicator)
        }
    }
    /// Those of the databases whose documents are replications.
    private(set) var replicators: [Database] = []
    var configuration: Configuration
    /// Seconds of the newest creation of each name, so that a recreated database gets another one.
    var lastCreation: [String: Int] = [:]
    /// When the server was started last, in seconds since 1970.
    var startedAt = 0.0
    /// The nodes of the cluster that are away.
    var nodesAway: Set<String> = []
    /// The nodes that were taken out of the cluster, with their shards.
    var nodesRemoved: Set<String> = []
    var validators: [String: WriteContext.Validator] = [:]
}
