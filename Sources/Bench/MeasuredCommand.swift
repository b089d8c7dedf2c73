import Foundation
import NIOPosix

/// A program that was run to its end, with the time and memory that it took.
struct MeasuredCommand: Sendable {
    var seconds: Double
    /// The largest resident set, in bytes (`VmHWM` of `/proc`): what `wait4` tells begins with the parent's.
    var peakMemory: Int
    var exitCode: Int32

    /// Runs a program; its standard output is thrown away.
    static func run(
        _ words: [String], environment: [String: String] = [:]
    ) async throws -> MeasuredCommand {
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        let began = ContinuousClock.now
        let process = try start(words, all)
        return try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                var peak = 0
                while !Task.isCancelled {
                    peak = max(peak, peakMemory(of: process))
                    // Cancelled when the program has ended.
                    try? await Task.sleep(for: .milliseconds(10))
                }
                return peak
            }
            let status = try await NIOThreadPool.singleton.runIfActive {
                var status: Int32 = 0
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                return status
            }
            let seconds = began.duration(to: .now) / .seconds(1)
            group.cancelAll()
            var peak = 0
            for try await value in group { peak = max(peak, value ?? 0) }
            return MeasuredCommand(
                seconds: seconds, peakMemory: peak,
                exitCode: status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f))
        }
    }

    private static func start(_ words: [String], _ environment: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var process = pid_t()
        let failure = posix_spawnp(&process, words[0], &actions, nil, &arguments, &variables)
        guard failure == 0 else { throw BenchFailure("\(words[0]) can't be run: error \(failure)") }
        return process
    }

    /// 0 where the process has none any more.
    private static func peakMemory(of process: pid_t) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return kilobytes * 1024
    }
}

/// Why a measurement could not be made.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
