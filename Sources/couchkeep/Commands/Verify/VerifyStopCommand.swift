import ArgumentParser
import Service

/// `couchkeep verify stop`: ends a verification that another process is at.
struct VerifyStopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a verification that is running.",
        discussion: "The process that is at it notices within seconds, and ends with exit code 3.")

    @Argument(help: "The verification's number, or its pair's name.") var verification: String
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        for record in try await VerificationDesk(options.load()).stop(verification) {
            Console.out("asked verification \(record.id) of \(record.pair) to stop")
        }
    }
}
