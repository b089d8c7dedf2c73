import CouchDB
import CouchSim
import Foundation

/// Backup into the vault and restore from it.
struct VaultBench: Sendable {
    let stage: BenchStage
    /// The order of the documents in the feed, which is that in which they were made.
    var order = Workload.Order.byID

    private var workload: Workload { Workload(count: stage.documents, order: order) }
    private var database: String { order == .byID ? "orders" : "orders-at-random" }
    private var copy: String { order == .byID ? "replicated" : "replicated-at-random" }

    /// - Returns: the time of CouchDB's replicator, in seconds.
    func run() async throws -> Double {
        let (source, target) = (stage.source, stage.target)
        print(
            "\(stage.documents) documents of about 0.8 kB, \(order.rawValue), updates, conflicts, deletions; CouchDB and Couchkeep on one machine"
        )
        try await stage.visit(source) { connection in
            try await connection.database(database).create(q: 2)
            try await workload.write(to: connection.database(database))
        }
        try await compact()
        let curl = CurlLoops(stage: stage)
        func vault(_ round: Int) -> String { stage.folder.appending(path: "\(database)-\(round)").path }
        func backup(_ round: Int) async throws -> MeasuredCommand {
            try await stage.couchkeep(
                ["backup", stage.url(database, on: source), "--vault", vault(round), "--quiet"], on: source)
        }
        var (fetched, first) = (Rounds(), Rounds())
        var answers: [URL] = []
        for round in 0..<Rounds.few {
            let all = try await curl.fetchAll(database, on: source)
            answers = all.answers
            fetched.add(all.seconds)
            first.add(try await backup(round))
        }
        BenchTable.row("curl: feed and _bulk_get loop", fetched)
        BenchTable.row("couchkeep: first backup", first)
        let replicated = try await replicate()
        BenchTable.row("CouchDB: replication to a second server", replicated)
        var (unchanged, changed) = (Rounds(), Rounds())
        for round in 0..<Rounds.few { unchanged.add(try await backup(round)) }
        BenchTable.row("couchkeep: second backup, nothing changed", unchanged)
        try await stage.visit(source) { try await workload.change($0.database(database)) }
        for round in 0..<Rounds.few { changed.add(try await backup(round)) }
        BenchTable.row("couchkeep: third backup, 1 % changed", changed)
        var (written, restore) = (Rounds(), Rounds())
        for round in 0..<Rounds.few {
            try await stage.visit(target) { try await $0.database("bare-\(round)").create(q: 2) }
            written.add(try await curl.writeAll(answers, to: "bare-\(round)"))
            restore.add(
                try await stage.couchkeep(
                    [
                        "restore", database, "--to", stage.url("restored-\(round)", on: target), "--vault",
                        vault(round),
                    ], on: target))
            try await stage.visit(target) { connection in
                for name in ["bare", "restored"] { try await connection.database("\(name)-\(round)").delete() }
            }
        }
        BenchTable.row("curl: _bulk_docs loop", written)
        BenchTable.row("couchkeep: restore, compared", restore)
        let vaultSize = try size(of: vault(0))
        let couchSize = try await stage.visit(source) { try await $0.database(database).info().fileSize ?? 0 }
        print("")
        BenchTable.ratio("first backup, times faster than CouchDB's replicator", replicated / first.median, atLeast: 8)
        BenchTable.ratio("first backup, against the curl loop", first.ratio(to: fetched), atMost: 1.25)
        BenchTable.ratio(
            "second backup, nothing changed, of the first", unchanged.ratio(to: first), atMost: 0.01)
        BenchTable.ratio("third backup, 1 % changed, of the first", changed.ratio(to: first), atMost: 0.03)
        BenchTable.ratio("restore, times faster than CouchDB's replicator", replicated / restore.median, atLeast: 4)
        BenchTable.ratio("restore, against the curl loop", restore.ratio(to: written), atMost: 1.2)
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
                    "source": .string(stage.fullURL(database, on: stage.source)),
                    "target": .string(stage.fullURL(copy, on: stage.target)), "create_target": true,
                    "create_target_params": ["q": 2],
                ])
        }
        return began.duration(to: .now) / .seconds(1)
    }

    private func compact() async throws {
        try await stage.visit(stage.source) { connection in
            _ = try await connection.json(.post, [database, "_compact"], body: [:])
            while try await connection.json(.get, [database])["compact_running"]?.bool == true {
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
