import Replication
import Synchronization

@testable import ReplicaServer

/// A server that runs while a test does.
struct RunningServer: Sendable {
    var port: Int
    var client: RawClient { RawClient(baseURL: baseURL) }
    var baseURL: String { "http://127.0.0.1:\(port)" }
}

/// Serves replicas on a free loopback port while `body` runs.
func withServer<Result: Sendable>(
    _ replicas: [String: any ServableReplica], access: ServerAccess = .open,
    localDocuments: any LocalDocumentStore = MemoryLocalDocuments(),
    instanceStartTime: @escaping @Sendable () async throws -> String = { "1700000000" },
    layout: @escaping @Sendable () async throws -> DatabaseLayout = { DatabaseLayout() },
    onDamage: @escaping @Sendable (Refusal) -> Void = { _ in },
    onFailure: @escaping @Sendable (String, any Error) -> Void = { _, _ in },
    adjust: (inout ServerOptions) -> Void = { _ in },
    _ body: @Sendable (RunningServer) async throws -> Result
) async throws -> Result {
    let served = replicas.map {
        ServedDatabase(
            name: $0.key, replica: $0.value, instanceStartTime: instanceStartTime, layout: layout, onDamage: onDamage)
    }
    let databases = ServedDatabases(names: { served.map(\.name) }, open: { name in served.first { $0.name == name } })
    var options = ServerOptions(access: access, uuid: "abc")
    adjust(&options)
    let listener = try ReplicaListener(
        databases, options: options, localDocuments: localDocuments, onFailure: onFailure)
    let (ports, tellPort) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
    return try await withThrowingTaskGroup { group in
        group.addTask {
            defer { tellPort.finish() }
            try await listener.run { tellPort.yield($0) }
        }
        defer { group.cancelAll() }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await group.next()
            throw NotListening()
        }
        return try await body(RunningServer(port: port))
    }
}

/// The server ended before it listened.
struct NotListening: Error {}
