import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// A healthy life: writes, deletions, idle databases, compactions, restarts, a scheduler that rotates. Nothing of it is
/// an alarm.
@Suite(.enabled(if: LocalCouchDB.isInstalled, RealServers.whySkipped), .timeLimit(.minutes(180)))
struct ChurnTests {
    private static let databases = ["busy", "bursts", "idle"]

    /// The number of rounds: by default half a minute's worth; `COUCHKEEP_CHURN_ROUNDS=4000` is about an hour's.
    private static let rounds =
        ProcessInfo.processInfo.environment["COUCHKEEP_CHURN_ROUNDS"].flatMap { Int($0) } ?? 24

    @Test func healthyChurnIsNeverAnAlarm() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("[churn] seed \(seed), \(Self.rounds) rounds")
        var settings = RealServers.fast
        // One job at a time, so that the scheduler rotates.
        settings["replicator"]?["max_jobs"] = "1"
        settings["replicator"]?["max_churn"] = "1"
        try await withRealServers(standby: settings) { servers in
            try await withKeeper { keeper in
                for name in Self.databases {
                    try await servers.source.database(name).create()
                    try await write(200, from: 0, to: servers.source.database(name))
                }
                try keeper.configure(servers.configuration.yaml)
                #expect(try await keeper.check().alarms.isEmpty)
                var random = SeededGenerator(seed: seed)
                var alarms: [String] = []
                for round in 1...Self.rounds {
                    try await live(round, servers, &random)
                    let checked = try await keeper.check()
                    if !checked.alarms.isEmpty || checked.exitCode != 0 || !checked.repairs.isEmpty {
                        alarms.append("round \(round): exit \(checked.exitCode), \(checked.alarms), \(checked.repairs)")
                    }
                    try await Polling.pause(.milliseconds(400))
                }
                for name in Self.databases {
                    try await Polling.until("\(name) is complete at the end", within: .seconds(120)) {
                        let source = try await servers.source.database(name).info()
                        let target = try await servers.target.database(name).info()
                        return source.documentCount == target.documentCount
                            && source.deletedCount == target.deletedCount
                    }
                }
                let last = try await keeper.check()
                if !last.alarms.isEmpty { alarms.append("at the end: \(last.alarms)") }
                print("[churn] \(Self.rounds) rounds, \(Self.rounds + 2) checks, false alarms: \(alarms.count)")
                #expect(alarms.isEmpty)
            }
        }
    }

    /// One round of what happens to healthy databases.
    private func live(_ round: Int, _ servers: RealServers, _ random: inout SeededGenerator) async throws {
        let busy = servers.source.database("busy")
        try await write(Int.random(in: 1...20, using: &random), from: 1000 * round, to: busy)
        try await edit(Int.random(in: 0...5, using: &random), in: busy, deleting: false, &random)
        try await edit(Int.random(in: 0...5, using: &random), in: busy, deleting: true, &random)
        if round % 5 == 0 { try await write(300, from: 1000 * round, to: servers.source.database("bursts")) }
        if round % 4 == 0 {
            for connection in [servers.source, servers.target] {
                let name = Self.databases.randomElement(using: &random) ?? "busy"
                _ = try await connection.json(.post, [name, "_compact"], body: [:])
            }
        }
        if round == Self.rounds / 3 { try await servers.production.restart() }
        if round == 2 * Self.rounds / 3 { try await servers.standby.restart() }
    }

    private func write(_ count: Int, from start: Int, to database: CouchDatabase) async throws {
        let documents = (start..<start + count).map { number -> JSONValue in
            ["_id": .string("document-\(number)"), "value": .integer(Int64(number))]
        }
        _ = try await database.server.json(.post, [database.name, "_bulk_docs"], body: ["docs": .array(documents)])
    }

    /// Updates or deletes some documents, far fewer than a mass deletion.
    private func edit(
        _ count: Int, in database: CouchDatabase, deleting: Bool, _ random: inout SeededGenerator
    ) async throws {
        for _ in 0..<count {
            let id = "document-\(Int.random(in: 0..<200, using: &random))"
            guard var members = try await database.document(id)?.object, let revision = members["_rev"]?.string else {
                continue
            }
            if deleting {
                _ = try await database.deleteDocument(id, revision: revision)
            } else {
                members["value"] = .integer(Int64.random(in: 0...1000, using: &random))
                _ = try await database.putDocument(id, members: members)
            }
        }
    }
}
