import ArgumentParser
import Service

/// `couchkeep verify show`: one verification with its differences.
struct VerifyShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one verification with its differences.",
        discussion: """
            The first 1,000 differences are remembered. Where there are more, all of them are in a file in the state \
            folder, whose name is shown.
            """)

    @Argument(help: "The verification's number, as couchkeep verify list shows it.") var number: Int
    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print one JSON object, schema couchkeep/verification/1.") var json = false

    func run() async throws {
        let (record, differences) = try await VerificationDesk(options.load(isQuiet: json)).show(number)
        if json { return try Console.json(VerificationResult(record, differences)) }
        VerificationPrinter(source: record.source, target: record.target).text(record, differences, shown: 1000)
        if let unmarked = record.unmarked { Console.error("couchkeep: \(record.target): \(unmarked)") }
    }
}
