import ArgumentParser
import Foundation
import Replication
import Service

/// `couchkeep verify resume`: goes on with a verification that was stopped or cut off.
struct VerifyResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with a verification that was stopped or cut off.",
        discussion: """
            It goes on where it last wrote down how far it was, at most some seconds before its end, with its own level \
            and share, and comes to the same result as one that ran in one go.
            """)

    @Argument(help: "The verification's number, as couchkeep verify list shows it.") var number: Int
    @OptionGroup var vault: VaultOptions
    @Option(
        help: ArgumentHelp("Stop again after this time, such as 30m or 2h.", valueName: "duration"),
        transform: VerifyRunCommand.duration)
    var maxDuration: Duration?
    @Flag(help: "Print one JSON object, schema couchkeep/verification/1.") var json = false

    func run() async throws {
        var desk = VerificationDesk(try vault.pairConfiguration())
        let line = ProgressLine()
        desk.onProgress = { name, state in
            line.show("\(name): \(VerifyRunCommand.words(state))", isWaiting: state.wait != nil)
        }
        defer { line.end() }
        let outcome = try await desk.resume(number, maximum: maxDuration)
        line.end()
        if let unmarked = outcome.record.unmarked {
            Console.error("couchkeep: \(outcome.record.target): \(unmarked)")
        }
        let differences = outcome.differences.map(VerificationDifference.init)
        if json {
            try Console.json(VerificationResult(outcome.record, differences))
        } else {
            VerificationPrinter(source: outcome.record.source, target: outcome.record.target)
                .text(outcome.record, differences)
        }
        try CommandEnd.end(outcome.exitCode)
    }
}
