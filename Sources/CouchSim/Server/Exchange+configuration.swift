import Foundation
import HTTPTypes
import Synchronization

extension Exchange {
    /// Answers `/_node/{name}/…`.
    func node() async throws -> SimulatedResponse {
        try requireServerAdmin()
        let path = request.path
        guard path.count > 1, path[1] == "_local" || path[1] == SimulatedServer.node else {
            throw CouchFailure(404, "not_found", "no such node: \(path.count > 1 ? path[1] : "")")
        }
        guard path.count > 2 else { return .json(["name": .string(SimulatedServer.node)]) }
        switch path[2] {
        case "_config": return try configuration(Array(path.dropFirst(3)))
        case "_stats": return try await statistics(Array(path.dropFirst(3)))
        case "_system":
            try allow(.get)
            return .json(["uptime": .integer(server.uptime), "internal_replication_jobs": 0])
        default: throw CouchFailure.missing
        }
    }

    /// The settings, wherever the version has them.
    func configuration(_ path: [String]) throws -> SimulatedResponse {
        try requireServerAdmin()
        let configuration = server.state.withLock(\.configuration)
        switch path.count {
        case 0:
            let names = (Array(configuration.sections.keys) + ["admins"]).sorted()
            return .json(.object(names.map { .init($0, section($0, of: configuration)) }))
        case 1:
            return .json(section(path[0], of: configuration))
        default:
            return try setting(path[0], path[1])
        }
    }

    private func section(_ name: String, of configuration: Configuration) -> OrderedJSON {
        .object(configuration.section(name).sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
    }

    private func setting(_ section: String, _ key: String) throws -> SimulatedResponse {
        let unknown = CouchFailure(404, "not_found", "unknown_config_value")
        switch request.method {
        case .put:
            guard let value = try request.json().string else { throw CouchFailure.badRequest("a JSON string expected") }
            return .json(.string(server.setting(section, key, to: value) ?? ""))
        case .delete:
            guard let old = server.setting(section, key, to: nil) else { throw unknown }
            return .json(.string(old))
        default:
            try allow(.get, .put, .delete)
            guard let value = server.state.withLock({ $0.configuration[section, key] }) else { throw unknown }
            return .json(.string(value))
        }
    }

    private func statistics(_ path: [String]) async throws -> SimulatedResponse {
        try allow(.get)
        func gauge(_ value: Int) -> OrderedJSON { ["value": .integer(value), "type": "gauge", "desc": ""] }
        let counts = await server.scheduler.counts
        let jobs: OrderedJSON = [
            "pending": gauge(counts.pending), "total": gauge(counts.total), "running": gauge(counts.running),
            "crashed": gauge(counts.crashed), "crashes": gauge(counts.crashes), "starts": gauge(counts.starts),
        ]
        var answer: OrderedJSON? = ["couch_replicator": ["jobs": jobs]]
        for name in path { answer = answer?[name] }
        guard let answer else { throw CouchFailure(404, "not_found", "missing") }
        return .json(answer)
    }
}

extension SimulatedServer {
    /// Seconds since the server was started.
    var uptime: Int { Int(options.now().timeIntervalSince1970 - state.withLock(\.startedAt)) }

    /// Sets a setting, and returns the old value.
    func setting(_ section: String, _ key: String, to value: String?) -> String? {
        defer {
            scheduler.wake()
            nudge()
        }
        return state.withLock { $0.configuration.set(section, key, to: value) }
    }
}
