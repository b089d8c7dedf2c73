import Foundation
import Subprocess
import SystemPackage

/// Runs a program for each message, with the webhook's JSON on its standard input.
///
/// The program finds the message's subject, status and id in `COUCHKEEP_SUBJECT`, `COUCHKEEP_STATUS` (`firing` or
/// `resolved`) and `COUCHKEEP_MESSAGE_ID`. Of Couchkeep's own environment it gets only the usual names, since secrets
/// may be among the others.
package struct CommandChannel: Channel {
    private let settings: CommandSettings
    private let program: String

    package var name: String { settings.name }

    /// - Throws: ``DeliveryError`` with code `invalid-settings`.
    package init(_ settings: CommandSettings) throws(DeliveryError) {
        guard let program = settings.words.first, !program.isEmpty else {
            throw DeliveryError(
                .invalidSettings, "the command of \(settings.name) is empty",
                hint: "give the program and its arguments as a list")
        }
        self.settings = settings
        self.program = program
    }

    /// Delivered means exit code 0 within the time; what does not end by then is ended, with all that it started.
    package func deliver(_ message: Message) async throws {
        let payload = try AlertmanagerPayload(message, receiver: name).json()
        let end: (status: TerminationStatus, errors: OutputTail)
        do {
            end = try await Deadline.run(within: settings.timeout) { try await execute(message, payload: payload) }
        } catch {
            try Task.checkCancellation()
            throw failure(error)
        }
        guard !end.status.isSuccess else { return }
        let errors = end.errors.text.excerpt()
        throw DeliveryError(
            .commandFailed, "\(program) \(words(for: end.status))\(errors.isEmpty ? "" : ": \(errors)")",
            hint: "run it by hand with a message's JSON on standard input")
    }

    private func execute(
        _ message: Message, payload: Data
    ) async throws -> (status: TerminationStatus, errors: OutputTail) {
        var options = PlatformOptions()
        // Its own process group, so that the end of the time also ends what a script started.
        options.processGroupID = 0
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
        ]
        let configuration = Configuration(
            executable: program.contains("/") ? .path(FilePath(program)) : .name(program),
            arguments: Arguments(Array(settings.words.dropFirst())),
            environment: .custom(environment(for: message)), platformOptions: options)
        // A file, not a pipe: a program may end without reading, and writing into its closed pipe raises SIGPIPE.
        let input = try InputFile(payload)
        let result = try await Subprocess.run(
            configuration, input: .fileDescriptor(input.descriptor, closeAfterSpawningProcess: true),
            output: .discarded, error: .sequence
        ) { execution in
            var errors = OutputTail(limit: 2048)
            for try await part in execution.standardError {
                part.withUnsafeBytes { errors.append($0) }
            }
            return errors
        }
        return (result.terminationStatus, result.closureResult)
    }

    private static let inherited = [
        "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER",
    ]

    private func environment(for message: Message) -> [Environment.Key: String] {
        let own = ProcessInfo.processInfo.environment.filter { Self.inherited.contains($0.key) }
        let about = [
            "COUCHKEEP_SUBJECT": message.subject, "COUCHKEEP_STATUS": message.isFiring ? "firing" : "resolved",
            "COUCHKEEP_MESSAGE_ID": message.id,
        ]
        let all = own.merging(about) { $1 }.compactMap { name, value in
            Environment.Key(rawValue: name).map { ($0, value) }
        }
        return Dictionary(all, uniquingKeysWith: { $1 })
    }

    private func failure(_ error: any Error) -> DeliveryError {
        switch error {
        case is Deadline.Exceeded:
            DeliveryError(
                .timeout, "\(program) did not end within \(Int(settings.timeout.inSeconds.rounded(.up))) s",
                hint: "it must not wait for anything but its standard input")
        case let error as SubprocessError where error.code == .executableNotFound:
            DeliveryError(
                .commandNotFound, "\(program) was not found",
                hint: "give its full path; the service's PATH is shorter than yours")
        // The text of a launch failure may hold the arguments.
        default: DeliveryError(.commandFailed, "\(program) could not be run", hint: "check that it may be executed")
        }
    }

    private func words(for status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "ended with exit code \(code)"
        case .signaled(let signal): "was ended by signal \(signal)"
        }
    }
}
