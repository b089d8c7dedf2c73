import CouchDB
import CouchSim
import Foundation
import Secrets
import Service
import Supervision

/// A configuration file in a folder of its own, with its memory beside it, and the program that works by it.
struct Keeper: Sendable {
    /// What a `check` said.
    struct Checked: Sendable {
        var report: Report
        var exitCode: Int32
        /// What people were told on standard error.
        var errors: String

        /// The findings that are worth a message, as `rule @ subject`.
        var alarms: [String] {
            let pairs = report.pairs.flatMap { pair in pair.findings.map { ($0, pair.pair) } }
            let servers = report.servers.flatMap { server in server.findings.map { ($0, server.name) } }
            return (pairs + servers).filter { $0.0.severity != .notice }.map { "\($0.0.rule) @ \($0.1)" }.sorted()
        }

        /// The rules that found something, and those whose repair has already ended what they found.
        var rules: Set<String> {
            Set(report.pairs.flatMap { $0.findings.map(\.rule) + $0.repairs.map(\.rule) })
                .union(report.servers.flatMap(\.findings).map(\.rule))
        }

        /// What was found, with the evidence, for the message of a failed test.
        var details: String {
            let findings = report.pairs.flatMap(\.findings) + report.servers.flatMap(\.findings)
            return findings.map { "\($0.rule): \($0.summary) \($0.evidence)" }.joined(separator: "\n")
        }

        var repairs: [RepairRecord] { report.pairs.flatMap(\.repairs) }

        func finding(_ rule: String) -> Finding? {
            (report.pairs.flatMap(\.findings) + report.servers.flatMap(\.findings)).first { $0.rule == rule }
        }
    }

    let folder: URL

    var file: String { folder.appending(path: "couchkeep.yaml").path(percentEncoded: false) }
    var state: String { folder.appending(path: "state").path(percentEncoded: false) }

    /// Writes the configuration; the key `state` is added.
    func configure(_ yaml: String, mode: Int = 0o600) throws {
        try write(yaml + "\nstate: \"\(state)\"\n", to: "couchkeep.yaml", mode: mode)
    }

    /// Writes a file of the folder, and returns its path.
    @discardableResult
    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        let url = folder.appending(path: name)
        try Data(text.utf8).write(to: url)
        let path = url.path(percentEncoded: false)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    /// Runs a command with this configuration.
    func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Program.Run {
        try await Program.run(arguments + ["--config", file], environment: environment)
    }

    /// Runs `check --json` with further options.
    func check(_ options: String...) async throws -> Checked {
        let run = try await Program.run(["check", "--json"] + options + ["--config", file])
        return Checked(report: try decode(run), exitCode: run.exitCode, errors: run.errors)
    }

    /// Runs `status --json`.
    func status() async throws -> Checked {
        let run = try await Program.run(["status", "--json", "--config", file])
        return Checked(report: try decode(run), exitCode: run.exitCode, errors: run.errors)
    }

    private func decode(_ run: Program.Run) throws -> Report {
        do {
            return try JSONDecoder.report.decode(Report.self, from: Data(run.output.utf8))
        } catch {
            throw NoReport(description: "no report, exit code \(run.exitCode): \(run.output)\(run.errors)")
        }
    }

    struct NoReport: Error, CustomStringConvertible { let description: String }
}

/// Runs the body with a folder of its own, which is removed afterwards.
func withKeeper<Result>(_ body: (Keeper) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        .appending(path: "couchkeep-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }  // a folder that stays is no failure of the test
    return try await body(Keeper(folder: folder))
}
