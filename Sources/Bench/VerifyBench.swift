import CouchDB
import CouchSim
import Foundation
import Secrets

/// Verification of a backup on another server, and the repair of its holes.
struct VerifyBench: Sendable {
    let stage: BenchStage
    /// What a full copy took CouchDB's replicator, in seconds.
    let replicated: Double

    private var configuration: String { stage.folder.appending(path: "couchkeep.yaml").path }

    func run() async throws {
        let curl = CurlLoops(stage: stage)
        _ = try await VaultBench(stage: stage).replicate()
        try writeConfiguration()
        var (feeds, first, again) = (Rounds(), Rounds(), Rounds())
        for _ in 0..<Rounds.many {
            feeds.add(try await curl.readFeeds(of: [(stage.source, "orders"), (stage.target, "replicated")]))
            first.add(try await verify(["--level", "revisions"]))
            again.add(try await verify(["--incremental"]))
        }
        print("")
        BenchTable.row("curl: both feeds at once", feeds)
        BenchTable.row("couchkeep: verify revisions", first)
        BenchTable.row("couchkeep: verify again, nothing changed", again)
        let source = try await curl.fetchAll("orders", on: stage.source)
        let target = try await curl.fetchAll("replicated", on: stage.target)
        BenchTable.row("curl: feed and _bulk_get of both sides", source.seconds + target.seconds)
        let bodies = try await verify(["--level", "bodies"])
        BenchTable.row("couchkeep: verify bodies", bodies.seconds)
        let holes = try await makeHoles(1000)
        let found = try await verify(["--level", "revisions"], allowed: [10])
        BenchTable.row("couchkeep: verify revisions, \(holes) holes", found.seconds)
        let repaired = try await stage.couchkeep(
            ["repair", "orders", "--verification", "\(Rounds.many * 2 + 2)", "--config", configuration],
            on: stage.target)
        BenchTable.row("couchkeep: repair of what it has found", repaired.seconds)
        _ = try await verify(["--level", "revisions"])
        print("")
        BenchTable.ratio("verify revisions, against curl reading both feeds", first.ratio(to: feeds), atMost: 1.2)
        BenchTable.ratio("verify again, nothing changed, of the first", again.ratio(to: first), atMost: 0.02)
        BenchTable.ratio(
            "verify bodies, against fetching all with _bulk_get", bodies.seconds / (source.seconds + target.seconds),
            atMost: 1.3)
        BenchTable.ratio(
            "repair of 1,000 holes, of a full replication by CouchDB", repaired.seconds / replicated, atMost: 0.02)
        BenchTable.ratio("peak memory of verify revisions, MB", Double(first.peakMemory) / 1e6, atMost: 150)
        BenchTable.ratio("peak memory of verify bodies, MB", Double(bodies.peakMemory) / 1e6, atMost: 150)
    }

    /// The comparison by itself, on rows that are made up.
    func rows() async throws {
        var (small, large) = (Rounds(), Rounds())
        for _ in 0..<Rounds.few {
            small.add(try await compareRows(1_000_000))
            large.add(try await compareRows(10_000_000))
        }
        print("")
        BenchTable.row("comparator: 1 million rows a side", small)
        BenchTable.row("comparator: 10 million rows a side", large)
        print("")
        BenchTable.ratio("million rows a second", 20 / large.median, atLeast: 1)
        BenchTable.ratio("time for a row at 10 million, of that at 1 million", large.ratio(to: small) / 10)
        BenchTable.ratio("peak memory, MB", Double(large.peakMemory) / 1e6, atMost: 100)
    }

    private func compareRows(_ documents: Int) async throws -> MeasuredCommand {
        let measured = try await MeasuredCommand.run([
            URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().path, "rows", "--rows",
            "\(documents)",
        ])
        guard measured.exitCode == 0 else {
            throw BenchFailure("the comparison of rows ended with \(measured.exitCode)")
        }
        return measured
    }

    private func verify(_ words: [String], allowed: Set<Int32> = [0]) async throws -> MeasuredCommand {
        try await stage.couchkeep(
            ["verify", "orders", "--config", configuration] + words, on: stage.source, allowed: allowed)
    }

    /// Takes documents away from the copy, as if it had never had them, and returns how many.
    private func makeHoles(_ count: Int) async throws -> Int {
        try await stage.visit(stage.target) { connection in
            let listed = try await connection.json(
                .get, ["replicated", "_all_docs"], query: ["limit": "\(count)", "skip": "5000"])
            let rows = listed["rows"]?.array ?? []
            // CouchDB takes a hundred ids in one request.
            for start in stride(from: 0, to: rows.count, by: 100) {
                var purge: [String: JSONValue] = [:]
                for row in rows[start..<min(start + 100, rows.count)] {
                    guard let id = row["id"]?.string, let revision = row["value"]?["rev"] else { continue }
                    purge[id] = [revision]
                }
                _ = try await connection.json(.post, ["replicated", "_purge"], body: .object(purge))
            }
            return rows.count
        }
    }

    private func writeConfiguration() throws {
        var text = "state: \(stage.folder.appending(path: "state").path)\nservers:\n"
        for (name, server) in [("production", stage.source), ("standby", stage.target)] {
            let file = stage.folder.appending(path: name)
            try Data(server.password.reveal().utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
            text += "  \(name):\n    url: \(server.baseURL)\n    user: \(server.administrator)\n"
            text += "    password_file: \(file.path)\n"
        }
        text += """
            pairs:
              - source: production
                target: standby
                mode: watch
                databases: [{ source: orders, target: replicated }]

            """
        try Data(text.utf8).write(to: URL(filePath: configuration))
    }
}
