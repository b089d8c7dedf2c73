import CouchDB
import Foundation
import Secrets
import Synchronization
import Testing

@testable import CouchSim
@testable import Supervision

/// A source and a target, both simulated, and Couchkeep looking after the pairs between them.
final class Household: Sendable {
    let source: SimulatedServer
    let target: SimulatedServer
    let clock: ManualTime
    let state: StateDatabase
    private let connections: [ServerConnection]
    private let settings: Mutex<Settings>

    /// What a test may change between passes, as people change the configuration.
    struct Settings: Sendable {
        /// The databases; nil for all that the source has.
        var databases: [String]?
        var mode = Pair.Mode.manage
        var runOn = Pair.Coordinator.target
        var createsTarget = true
        var sourcePassword = Secret("secret")
        var thresholds = Thresholds()
        var budget = RepairBudget()
    }

    fileprivate init(
        _ source: SimulatedServer, _ target: SimulatedServer, clock: ManualTime, folder: String, settings: Settings
    ) throws {
        self.source = source
        self.target = target
        self.clock = clock
        state = try StateDatabase(folder: folder)
        connections = try [source, target].map { server in
            try ServerConnection(
                url: try ServerURL(server.baseURL),
                authentication: .basic(user: server.administrator, password: server.password),
                configuration: ConnectionConfiguration(
                    connectTimeout: .seconds(5), readTimeout: .seconds(20), maximumRetries: 0))
        }
        self.settings = Mutex(settings)
    }

    fileprivate func shutdown() async throws {
        for connection in connections { try await connection.shutdown() }
    }

    /// Changes the configuration.
    func configure(_ change: @Sendable (inout Settings) -> Void) { settings.withLock { change(&$0) } }

    /// The pair of a database.
    func pair(_ database: String = "orders") -> Pair {
        let settings = settings.withLock { $0 }
        return Pair(
            name: database, source: DatabaseAddress(server: "production", database: database),
            target: DatabaseAddress(server: "standby", database: database), runOn: settings.runOn, mode: settings.mode,
            createsTarget: settings.createsTarget, thresholds: settings.thresholds, budget: settings.budget)
    }

    /// The id of a pair's replication document.
    func documentID(_ database: String = "orders") -> String { OwnershipMark.documentID(for: pair(database)) }

    /// The server whose scheduler runs the replications.
    var coordinator: SimulatedServer { settings.withLock { $0.runOn } == .target ? target : source }

    private var supervisor: Supervisor {
        let settings = settings.withLock { $0 }
        func server(_ name: String, _ server: SimulatedServer, _ connection: ServerConnection, _ password: Secret)
            -> SupervisedServer
        {
            SupervisedServer(
                name: name, connection: connection,
                access: ReplicationAccess(url: connection.url, user: server.administrator, password: password),
                expectsUser: true)
        }
        return Supervisor(
            servers: [
                server("production", source, connections[0], settings.sourcePassword),
                server("standby", target, connections[1], target.password),
            ],
            sources: ["production"],
            selectPairs: { [self] names, remembered in
                let listed = (names["production"]?.value ?? []).filter { !$0.hasPrefix("_") }
                let chosen = Set(settings.databases ?? listed).union(remembered.map(\.source.database))
                let unprotected = Set(listed).subtracting(chosen).sorted()
                return PairSelection(
                    pairs: chosen.sorted().map { pair($0) },
                    unprotected: unprotected.isEmpty ? [:] : ["production": unprotected])
            },
            state: state, pacing: RepairPacing(attempts: 5000) { await Task.yield() }, now: { [clock] in clock.now })
    }

    /// Runs one pass and remembers it, unless it is a dry run or is killed before the end.
    func check(
        _ options: PassOptions = PassOptions(), isKilled: Bool = false
    ) async throws -> Report {
        let supervisor = supervisor
        let outcome = try await supervisor.pass(options)
        if !options.isDryRun, !isKilled { try await supervisor.remember(outcome) }
        return outcome.report
    }

    /// Waits until every job has copied all there is, lets a minute pass, and runs a pass.
    func checkLater(after seconds: TimeInterval = 60, _ options: PassOptions = PassOptions()) async throws -> Report {
        try await coordinator.scheduler.idle()
        clock.advance(seconds)
        return try await check(options)
    }

    /// Brings the pairs to where nothing is wrong and everything is copied.
    func settle() async throws {
        _ = try await check()
        let report = try await checkLater()
        try #require(report.verdict == .ok, "\(report.problems)")
        clock.advance(60)
    }

    /// Whether a database holds the same leaf revisions on both sides.
    func isCopied(_ database: String = "orders") throws -> Bool {
        try source.leaves(of: database) == target.leaves(of: database)
    }

    /// The requests of Couchkeep that changed something, since the last call of ``forgetRequests()``.
    var writes: [String: Int] {
        // Questions that are too long for an address.
        let harmless: Set = ["POST /_dbs_info", "POST /_session", "POST /{db}/_revs_diff", "POST /{db}/_changes"]
        return source.requests.counted.merging(target.requests.counted, uniquingKeysWith: +)
            .filter { !$0.key.hasPrefix("GET ") && !$0.key.hasPrefix("HEAD ") && !harmless.contains($0.key) }
    }

    func forgetRequests() {
        source.requests.reset()
        target.requests.reset()
    }

    /// A replication document as a person would write it, from the source to the target.
    func handwritten(
        _ database: String = "orders", password: String = "secret", options: [String: JSONValue] = ["continuous": true]
    ) -> JSONValue {
        func url(_ server: SimulatedServer, _ password: String) -> JSONValue {
            .string("http://\(server.administrator):\(password)@127.0.0.1:\(server.port)/\(database)")
        }
        var members = options
        members["source"] = url(source, password)
        members["target"] = url(target, "secret")
        return .object(members)
    }

    /// A replication document as it is now.
    func document(_ id: String) async throws -> ReplicationDocument? {
        let connection = coordinator === target ? connections[1] : connections[0]
        return try await connection.database("_replicator").document(id).map(ReplicationDocument.init(answer:))
    }

    /// The checkpoint of a pair on one side.
    func checkpoint(_ database: String = "orders", at server: SimulatedServer) async throws -> ReplicationLog? {
        let base = try await state.pairMemories()[pair(database).key]?.replicationBase
        let connection = server === source ? connections[0] : connections[1]
        return try await connection.database(database).localDocument(try #require(base))
            .flatMap(ReplicationLog.init(answer:))
    }
}

/// Runs two simulated servers and what a test does with them.
///
/// - Parameter otherNodes: the nodes of the source's cluster beside the one that answers.
func withHousehold(
    sourceVersion: ServerVersion = ServerVersion(3, 5), targetVersion: ServerVersion = ServerVersion(3, 5),
    sourceUUID: String? = nil, otherNodes: [String] = [],
    _ settings: Household.Settings = Household.Settings(databases: ["orders"]),
    _ body: @Sendable (Household) async throws -> Void
) async throws {
    let clock = ManualTime()
    var options = ServerOptions(version: sourceVersion)
    (options.uuid, options.otherNodes) = (sourceUUID, otherNodes)
    options.now = { clock.now }
    var targetOptions = ServerOptions(version: targetVersion)
    targetOptions.now = { clock.now }
    try await withTemporaryFolder { folder in
        try await withSimulatedServers(options, targetOptions) { source, target in
            let household = try Household(source, target, clock: clock, folder: folder, settings: settings)
            do {
                try await body(household)
            } catch {
                try await household.shutdown()
                throw error
            }
            try await household.shutdown()
        }
    }
}

extension Report {
    /// All findings but notices, as `subject: rule`.
    var problems: [String] {
        let servers = servers.flatMap { server in server.findings.map { (server.name, $0) } }
        let pairs = pairs.flatMap { pair in pair.findings.map { (pair.pair, $0) } }
        return (servers + pairs).filter { $0.1.severity != .notice }.map { "\($0.0): \($0.1.rule)" }.sorted()
    }

    /// The repairs that were done, in their order, as `pair: action`.
    var done: [String] { repairs(.done) }

    /// The repairs that ended so, as `pair: action`.
    func repairs(_ result: RepairRecord.Result) -> [String] {
        pairs.flatMap { pair in pair.repairs.filter { $0.result == result }.map { "\(pair.pair): \($0.action)" } }
    }

    /// The state of a pair's first light.
    func light(_ pair: String = "orders") -> Light.State? {
        pairs.first { $0.pair == pair }?.lights.replicating.state
    }

    /// A pair's finding.
    func finding(_ rule: String, _ pair: String = "orders") -> Finding? {
        pairs.first { $0.pair == pair }?.findings.first { $0.rule == rule }
    }
}
