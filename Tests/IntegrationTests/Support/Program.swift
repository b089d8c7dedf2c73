import Foundation
import Subprocess
import SystemPackage

/// The built `couchkeep`, run as people and cron run it.
enum Program {
    /// How a run ended, and what it printed.
    struct Run: Sendable {
        var output: String
        var errors: String
        /// The exit code; 128 + N after signal N, as a shell says it.
        var exitCode: Int32
    }

    /// Beside the test bundle in the build folder.
    static let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "couchkeep")
        .path(percentEncoded: false)

    /// Runs it to its end; of this process's environment it gets only what it needs to start.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil
    ) async throws -> Run {
        try await run(executable: path, arguments, environment: environment, in: folder)
    }

    /// Runs a line of shell in which `"$COUCHKEEP"` is the program.
    static func shell(
        _ script: String, environment: [String: String] = [:], in folder: URL? = nil
    ) async throws -> Run {
        try await run(
            executable: "/bin/bash", ["-c", script], environment: environment.merging(["COUCHKEEP": path]) { $1 },
            in: folder)
    }

    /// Runs it until it is where it is wanted, and kills it there as a power button does.
    ///
    /// - Parameter isThere: comes back when it is.
    static func kill(_ arguments: [String], when isThere: () async throws -> Void) async throws -> TerminationStatus {
        try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments), input: .none, output: .discarded, error: .discarded
        ) { execution in
            try await isThere()
            try execution.send(signal: .kill)
        }.terminationStatus
    }

    private static func run(
        executable: String, _ arguments: [String], environment: [String: String], in folder: URL?
    ) async throws -> Run {
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR", "LANG"].contains($0.key)
        }
        let variables = inherited.merging(environment) { $1 }.compactMap { name, value in
            Environment.Key(rawValue: name).map { ($0, value) }
        }
        let result = try await Subprocess.run(
            .path(FilePath(executable)), arguments: Arguments(arguments),
            environment: .custom(Dictionary(variables, uniquingKeysWith: { $1 })),
            workingDirectory: folder.map { FilePath($0.path(percentEncoded: false)) },
            output: .string(limit: 16 << 20), error: .string(limit: 16 << 20))
        let code: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Run(output: result.standardOutput, errors: result.standardError, exitCode: code)
    }
}
