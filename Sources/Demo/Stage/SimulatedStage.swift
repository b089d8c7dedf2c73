import CouchSim
import Secrets

/// Two simulated servers in this process.
struct SimulatedStage: Stage {
    let cast = "simulated"
    let remark: String? = "Their replicator waits \(pace) times shorter than CouchDB's."
    let source: StageServer
    let target: StageServer
    private let targetServer: SimulatedServer

    /// How many times faster than CouchDB's the replicator's intervals and back-off pass.
    private static let pace = 100

    /// Runs the servers while `body` runs.
    static func run(_ body: @Sendable (any Stage) async throws -> Void) async throws {
        var options = ServerOptions()
        options.pace = 1 / Double(pace)
        try await withSimulatedServers(options, options) { source, target in
            try await body(SimulatedStage(source: source, target: target))
        }
    }

    private init(source: SimulatedServer, target: SimulatedServer) {
        self.source = StageServer(
            name: StageServer.sourceName, url: source.baseURL, user: source.administrator, password: source.password)
        self.target = StageServer(
            name: StageServer.targetName, url: target.baseURL, user: target.administrator, password: target.password)
        targetServer = target
    }

    func validation(refusing field: String) -> String {
        // The simulation runs no JavaScript, but it knows this comment.
        "// couchsim: forbid-if-field \(field)"
    }

    func settled(_ replication: Replication) async throws {
        try await Patience.wait(for: "the copy of \(replication.database)") { [targetServer] in
            try await targetServer.scheduler.caughtUp(replication.documentID)
        }
    }

    func crashed(_ replication: Replication) async throws {
        try await Patience.wait(for: "the crash of the job of \(replication.database)") { [targetServer] in
            try await targetServer.scheduler.crashes(1, documentID: replication.documentID)
        }
    }

    func snapshotOfTarget() async throws -> TargetSnapshot {
        let copies = try await target.userDatabases().map { try targetServer.snapshot(of: $0) }
        return TargetSnapshot { [targetServer] in
            try await targetServer.stop()
            for copy in copies { try targetServer.rollback(to: copy) }
            try await targetServer.start()
        }
    }
}
