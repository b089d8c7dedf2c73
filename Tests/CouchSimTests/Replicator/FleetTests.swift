import CouchDB
import CouchSim
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FleetTests {
    /// A thousand databases with a job each, one in ten with documents: all are copied, and a change in any arrives.
    @Test func carriesAThousandJobs() async throws {
        var options = ServerOptions()
        options.settings = ["replicator": ["max_jobs": "1000"]]
        try await withSimulatedServers(options, options) { source, target in
            let before = memory()
            let start = ContinuousClock.now
            let names = (1...1000).map { "database-\($0)" }
            for name in names {
                source.makeDatabases(name)
                target.makeDatabases(name)
                if name.hasSuffix("0") { try source.fill(name, count: 2) }
                try target.put(
                    name,
                    [
                        "source": side(source, name), "target": side(target, name), "continuous": true,
                    ], in: "_replicator")
            }
            for name in names { try await target.scheduler.caughtUp(name) }
            print("a thousand jobs: \(ContinuousClock.now - start), \((memory() - before) / 1024) MB")
            for name in names { #expect(try target.documentCount(of: name) == (name.hasSuffix("0") ? 2 : 0)) }
            try source.put("late", in: "database-700")
            try await target.scheduler.caughtUp("database-700")
            #expect(try target.documentCount(of: "database-700") == 3)
        }
    }

    private func side(_ server: SimulatedServer, _ database: String) -> JSONValue {
        [
            "url": .string("\(server.baseURL)/\(database)"),
            "auth": ["basic": ["username": "admin", "password": "secret"]],
        ]
    }

    /// Kilobytes in memory.
    private func memory() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return line.split(separator: " ").compactMap { Int($0) }.first ?? 0
    }
}
