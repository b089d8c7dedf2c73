import CouchDB
import CouchSim
import Foundation

/// Backup into the vault and restore from it.
struct VaultBench: Sendable {
    let stage: BenchStage

    /// - Returns: the time of CouchDB's replicator, in seconds.
    func run() async throws -> Double {
        let (source, target) = (stage.source, stage.target)
        print(
            "\(stage.documents) documents of about 0.8 kB, updates, conflicts, deletions; CouchDB and Couchkeep on one machine"
        )
        try await stage.visit(source) { connection in
            try await connection.database("orders").create(q: 2)
            try await Workload(count: stage.documents).write(to: connection.database("orders"))
        }
        try await compact()
        let curl = CurlLoops(stage: stage)
        let vault = stage.folder.appending(path: "vault").path
        let fetched = try await curl.fetchAll("orders", on: source)
        BenchTable.row("curl: feed and _bulk_get loop", fetched.seconds)
        let backup = ["backup", stage.url("orders", on: source), "--vault", vault, "--quiet"]
        let first = try await stage.couchkeep(backup, on: source)
        BenchTable.row("couchkeep: first backup", first.seconds)
        let replicated = try await replicate()
        BenchTable.row("CouchDB: replication to a second server", replicated)
        let unchanged = try await stage.couchkeep(backup, on: source)
        BenchTable.row("couchkeep: second backup, nothing changed", unchanged.seconds)
        try await stage.visit(source) { try await Workload(count: stage.documents).change($0.database("orders")) }
        let changed = try await stage.couchkeep(backup, on: source)
        BenchTable.row("couchkeep: third backup, 1 % changed", changed.seconds)
        try await stage.visit(target) { try await $0.database("bare").create(q: 2) }
        let written = try await curl.writeAll(fetched.answers, to: "bare")
        BenchTable.row("curl: _bulk_docs loop", written)
        let restore = try await stage.couchkeep(
            ["restore", "orders", "--to", stage.url("restored", on: target), "--vault", vault], on: target)
        BenchTable.row("couchkeep: restore, compared", restore.seconds)
        let vaultSize = try size(of: vault)
        let couchSize = try await stage.visit(source) { try await $0.database("orders").info().fileSize ?? 0 }
        print("")
        BenchTable.ratio("first backup, times faster than CouchDB's replicator", replicated / first.seconds, atLeast: 8)
        BenchTable.ratio("first backup, against the curl loop", first.seconds / fetched.seconds, atMost: 1.25)
        BenchTable.ratio(
            "second backup, nothing changed, of the first", unchanged.seconds / first.seconds, atMost: 0.01)
        BenchTable.ratio("third backup, 1 % changed, of the first", changed.seconds / first.seconds, atMost: 0.03)
        BenchTable.ratio("restore, times faster than CouchDB's replicator", replicated / restore.seconds, atLeast: 4)
        BenchTable.ratio("restore, against the curl loop", restore.seconds / written, atMost: 1.2)
        BenchTable.ratio(
            "vault's size, of CouchDB's compacted files", Double(vaultSize) / Double(couchSize), atMost: 0.4)
        BenchTable.ratio("peak memory of backup, MB", Double(first.peakMemory) / 1e6, atMost: 150)
        BenchTable.ratio("peak memory of restore, MB", Double(restore.peakMemory) / 1e6, atMost: 150)
        return replicated
    }

    /// Copies by CouchDB's own replicator, or brings its copy up to date.
    func replicate() async throws -> Double {
        let began = ContinuousClock.now
        try await stage.visit(stage.target) { connection in
            _ = try await connection.json(
                .post, ["_replicate"],
                body: [
                    "source": .string(stage.fullURL("orders", on: stage.source)),
                    "target": .string(stage.fullURL("replicated", on: stage.target)), "create_target": true,
                    "create_target_params": ["q": 2],
                ])
        }
        return began.duration(to: .now) / .seconds(1)
    }

    private func compact() async throws {
        try await stage.visit(stage.source) { connection in
            _ = try await connection.json(.post, ["orders", "_compact"], body: [:])
            while try await connection.json(.get, ["orders"])["compact_running"]?.bool == true {
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func size(of folder: String) throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: folder).reduce(0) { sum, path in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")
            guard attributes[.type] as? FileAttributeType == .typeRegular else { return sum }
            return sum + (attributes[.size] as? Int ?? 0)
        }
    }
}
