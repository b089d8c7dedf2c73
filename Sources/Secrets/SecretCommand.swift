import Subprocess
import SystemPackage

/// Runs the program that prints a secret.
struct SecretCommand {
    let words: [String]
    let timeout: Duration

    private enum Outcome: Sendable {
        case ended(TerminationStatus, [UInt8])
        case timedOut
    }

    /// Returns what the program wrote to its standard output.
    ///
    /// What it writes to standard error is dropped: a program that fails may repeat the secret there.
    func run() async throws -> [UInt8] {
        guard let program = words.first, !program.isEmpty else {
            throw SecretError(
                .commandFailed, "the command that prints the secret is empty",
                nextStep: "give the program and its arguments as a list")
        }
        switch try await outcome(of: program) {
        case .ended(let status, let output):
            guard status.isSuccess else { throw failed(program, "ended with a failure (\(Self.words(for: status)))") }
            return output
        case .timedOut:
            throw SecretError(
                .commandTimeout, "the command \(program) didn't end within \(timeout)",
                nextStep: "run it by hand as the user who runs Couchkeep; it must not wait for input")
        }
    }

    private func outcome(of program: String) async throws -> Outcome {
        do {
            return try await withThrowingTaskGroup(of: Outcome.self) { group in
                group.addTask { try await execute(program) }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return .timedOut
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .timedOut
            }
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            switch error.code {
            case .executableNotFound: throw failed(program, "was not found")
            case .outputLimitExceeded:
                throw failed(program, "wrote more than \(SecretSource.limit / 1024) KiB")
            // The error's own text may hold the arguments.
            default: throw failed(program, "could not be run")
            }
        }
    }

    private func execute(_ program: String) async throws -> Outcome {
        var options = PlatformOptions()
        // Its own process group, so that the end of the time also ends what a shell started.
        options.processGroupID = 0
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
        ]
        let result = try await Subprocess.run(
            program.contains("/") ? .path(FilePath(program)) : .name(program),
            arguments: Arguments(Array(words.dropFirst())),
            platformOptions: options,
            output: .bytes(limit: SecretSource.limit))
        return .ended(result.terminationStatus, result.standardOutput)
    }

    private func failed(_ program: String, _ what: String) -> SecretError {
        SecretError(
            .commandFailed, "the command \(program) \(what)",
            nextStep: "run it by hand as the user who runs Couchkeep; it must print the secret and nothing else")
    }

    private static func words(for status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}
