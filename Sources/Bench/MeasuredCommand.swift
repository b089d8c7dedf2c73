import Foundation
import NIOPosix

/// A program that was run to its end, with the time and memory that it took.
struct MeasuredCommand: Sendable {
    var seconds: Double
    /// The largest resident set, in bytes (`ru_maxrss` of `wait4`).
    var peakMemory: Int
    var exitCode: Int32

    /// Runs a program; its standard output is thrown away.
    static func run(
        _ words: [String], environment: [String: String] = [:], folder: URL? = nil
    ) async throws -> MeasuredCommand {
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        return try await NIOThreadPool.singleton.runIfActive {
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            var arguments = words.map { strdup($0) } + [nil]
            var variables = all.map { strdup($0) } + [nil]
            defer { for text in arguments + variables { free(text) } }
            let began = ContinuousClock.now
            var process = pid_t()
            let failure = posix_spawnp(&process, words[0], &actions, nil, &arguments, &variables)
            guard failure == 0 else { throw BenchFailure("\(words[0]) can't be run: error \(failure)") }
            var status: Int32 = 0
            var usage = rusage()
            while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
            return MeasuredCommand(
                seconds: began.duration(to: .now) / .seconds(1), peakMemory: usage.ru_maxrss * 1024,
                exitCode: status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f))
        }
    }
}

/// Why a measurement could not be made.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
