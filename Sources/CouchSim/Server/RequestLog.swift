import HTTPTypes
import Synchronization

/// Counts the requests that a server gets, by method and kind of path: tests measure what a client costs.
package final class RequestLog: Sendable {
    /// A kind of request, such as `GET /{db}/_local/{id}`.
    package typealias Kind = String

    private struct Counts {
        var clients: [Kind: Int] = [:]
        var replicators: [Kind: Int] = [:]
    }

    private let counts = Mutex(Counts())

    init() {}

    /// How many requests of each kind came, those of servers' replicators left out.
    package var counted: [Kind: Int] { counts.withLock(\.clients) }

    /// How many requests of each kind came from replicators, which say so in `User-Agent`.
    package var countedFromReplicators: [Kind: Int] { counts.withLock(\.replicators) }

    /// How many requests came, those of servers' replicators left out.
    package var total: Int { counted.values.reduce(0, +) }

    /// Begins anew.
    package func reset() { counts.withLock { $0 = Counts() } }

    func record(_ request: SimulatedRequest) {
        let kind = Self.kind(of: request)
        let isReplicator = request.headers[.userAgent]?.hasPrefix(RemoteDatabase.agent) ?? false
        counts.withLock { counts in
            if isReplicator { counts.replicators[kind, default: 0] += 1 } else { counts.clients[kind, default: 0] += 1 }
        }
    }

    /// Puts `{db}`, `{id}` and the like for names, so that the number of kinds stays small.
    static func kind(of request: SimulatedRequest) -> Kind {
        "\(request.method.rawValue) /\(pattern(request.path).joined(separator: "/"))"
    }

    private static func pattern(_ path: [String]) -> [String] {
        guard let first = path.first else { return [] }
        let databases: Set = ["_users", "_replicator", "_global_changes"]
        guard !first.hasPrefix("_") || databases.contains(first) else {
            switch first {
            case "_scheduler": return Array(path.prefix(2)) + path.dropFirst(2).map { _ in "{id}" }
            case "_node", "_config": return Array(path.prefix(3))
            default: return path
            }
        }
        let database = databases.contains(first) ? first : "{db}"
        guard path.count > 1 else { return [database] }
        let second = path[1]
        if second.hasPrefix("_local/") { return [database, "_local", "{id}"] }
        if second.hasPrefix("_design/") { return [database, "_design", "{id}"] }
        guard !second.hasPrefix("_") else { return [database, second] }
        return [database, "{id}"] + path.dropFirst(2).prefix(1).map { _ in "{attachment}" }
    }
}
