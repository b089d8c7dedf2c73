import ArgumentParser
import Replication

/// `couchkeep-bench rows`: compares rows that are made up, of which one is missing; a process of its own, for its memory.
struct RowsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rows", abstract: "Compare two sides of made-up rows; no server is needed.")

    @Option(help: "Rows of each side.") var rows = 1_000_000

    func run() async throws {
        let comparator = ReplicaComparator(
            SyntheticReplica(documents: rows), SyntheticReplica(documents: rows, missing: rows / 2))
        let report = try await comparator.run { _ in }
        guard report.counts.missing == 1, report.counts.equal == rows - 1 else {
            throw BenchFailure("the comparison found \(report.counts)")
        }
    }
}
