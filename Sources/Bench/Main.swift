import ArgumentParser
import CouchSim
import Foundation

/// `couchkeep-bench`: measures Couchkeep against CouchDB's own replicator and against curl on the same bytes.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "couchkeep-bench",
        abstract: "Measure backup, restore and verification on two private CouchDB servers; prints ratios of one run.",
        discussion:
            "Build it with --configuration release, or run: make bench. A machine that is busy lies.",
        subcommands: [RowsCommand.self])

    @Option(help: "Documents of about 0.8 kB.") var documents = 100_000
    @Option(help: "The couchkeep program; beside this one where not given.") var couchkeep: String?

    func run() async throws {
        guard LocalCouchDB.isInstalled else {
            throw ValidationError("no CouchDB: \(LocalCouchDB.howToInstall)")
        }
        let program =
            couchkeep
            ?? URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "couchkeep").path
        let folder = FileManager.default.temporaryDirectory.appending(path: "couchkeep-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await withLocalCouchDB { source in
            try await withLocalCouchDB { target in
                let stage = BenchStage(
                    source: source, target: target, folder: folder, program: program, documents: documents)
                let replicated = try await VaultBench(stage: stage).run()
                let bench = VerifyBench(stage: stage, replicated: replicated)
                try await bench.run()
                try await bench.rows()
                print("")
                _ = try await VaultBench(stage: stage, order: .random).run()
            }
        }
    }
}
