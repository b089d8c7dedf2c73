import Foundation
import Subprocess
import SystemPackage

/// The built `couchkeep`, run as people and cron run it.
enum Program {
    /// How a run ended.
    struct Run: Sendable {
        /// The exit code; nil where a signal ended it.
        var exitCode: Int32?
        var output: String
    }

    /// Beside the test bundle in the build folder.
    static let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "couchkeep")
        .path(percentEncoded: false)

    /// Whether the program was built to end itself where it is told.
    static var diesAtSteps: Bool {
        #if DEBUG
        true
        #else
        false
        #endif
    }

    /// GNU time, which tells the largest resident memory of what it ran.
    static let meter = "/usr/bin/time"
    static var canMeasure: Bool { FileManager.default.isExecutableFile(atPath: meter) }

    /// Runs it until it ends, or until `deadline` returns and it is killed (SIGKILL).
    ///
    /// - Parameters:
    ///   - step: where the program ends itself as a power cut would, such as `beforeCommit:2`.
    ///   - peak: a file into which its largest resident memory is written, in kB.
    static func run(
        _ arguments: [String], password: String, diesAt step: String? = nil, peak: URL? = nil,
        killedAfter deadline: (@Sendable () async throws -> Void)? = nil
    ) async throws -> Run {
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR", "LANG"].contains($0.key)
        }
        var added = ["COUCHKEEP_PASSWORD": password]
        added["COUCHKEEP_DIE_AT"] = step
        let variables = inherited.merging(added) { $1 }.compactMap { name, value in
            Environment.Key(rawValue: name).map { ($0, value) }
        }
        var line = [path] + arguments
        if let peak { line = [meter, "-f", "%M", "-o", peak.path(percentEncoded: false)] + line }
        let result = try await Subprocess.run(
            .path(FilePath(line[0])), arguments: Arguments(Array(line.dropFirst())),
            environment: .custom(Dictionary(variables, uniquingKeysWith: { $1 })), input: .none, output: .sequence,
            error: .combinedWithOutput
        ) { execution in
            let (output, process) = (execution.standardOutput, execution.processIdentifier.value)
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    var text = ""
                    for try await line in output.strings() { text += line + "\n" }
                    return text
                }
                if let deadline {
                    group.addTask {
                        try await deadline()
                        // Its number is not given to another one before it was waited for, behind this closure.
                        kill(process, SIGKILL)
                        return nil
                    }
                }
                defer { group.cancelAll() }
                // The output ends with the process.
                while let text = try await group.next() { if let text { return text } }
                return ""
            }
        }
        guard case .exited(let code) = result.terminationStatus else {
            return Run(exitCode: nil, output: result.closureResult)
        }
        return Run(exitCode: code, output: result.closureResult)
    }
}
