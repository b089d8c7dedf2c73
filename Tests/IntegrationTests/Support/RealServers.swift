import CouchDB
import CouchSim
import Secrets
import Testing

/// Two private real CouchDB servers, and connections to them.
struct RealServers: Sendable {
    let production: LocalCouchDB
    let standby: LocalCouchDB
    let source: ServerConnection
    let target: ServerConnection

    /// The servers that all tests of a suite share.
    @TaskLocal static var shared: RealServers?

    var configuration: ConfigurationText {
        ConfigurationText(production: .init(production), standby: .init(standby))
    }

    /// What a test without CouchDB says.
    static let whySkipped = Comment(rawValue: "skipped: \(LocalCouchDB.howToInstall)")

    /// Schedulers that look every half second, and checkpoints as often.
    static let fast: [String: [String: String]] = [
        "replicator": ["interval": "500", "checkpoint_interval": "500", "startup_jitter": "1"]
    ]
}

/// Runs two servers while the body runs.
func withRealServers<Result: Sendable>(
    standby settings: [String: [String: String]] = RealServers.fast,
    _ body: @Sendable (RealServers) async throws -> Result
) async throws -> Result {
    try await withLocalCouchDB(options: LocalCouchDB.Options(settings: RealServers.fast)) { production in
        try await withLocalCouchDB(options: LocalCouchDB.Options(settings: settings)) { standby in
            try await withConnection(to: production) { source in
                try await withConnection(to: standby) { target in
                    try await body(
                        RealServers(production: production, standby: standby, source: source, target: target))
                }
            }
        }
    }
}

private func withConnection<Result>(
    to server: LocalCouchDB, _ body: (ServerConnection) async throws -> Result
) async throws -> Result {
    let connection = try ServerConnection(
        url: ServerURL(server.baseURL),
        authentication: .basic(user: server.administrator, password: server.password))
    do {
        let result = try await body(connection)
        try await connection.shutdown()
        return result
    } catch {
        try await connection.shutdown()
        throw error
    }
}

/// Starts two servers once for all tests of a suite.
struct SharedRealServers: SuiteTrait, TestScoping {
    var isRecursive: Bool { false }

    @concurrent
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withRealServers { servers in
            try await RealServers.$shared.withValue(servers) { try await function() }
        }
    }
}

extension Trait where Self == SharedRealServers {
    static var sharedRealServers: Self { SharedRealServers() }
}
