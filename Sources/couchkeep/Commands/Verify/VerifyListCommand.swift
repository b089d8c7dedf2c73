import ArgumentParser
import Service

/// `couchkeep verify list`: what was verified when.
struct VerifyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the verifications that are remembered, the newest first.")

    @Argument(help: "A pair's name; all pairs without it.") var pair: String?
    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print one JSON object, schema couchkeep/verification-list/1.") var json = false
    @Flag(help: "List all, not only the newest twenty.") var all = false

    func run() async throws {
        let records = try await VerificationDesk(options.load(isQuiet: json)).list(pair)
        if json { return try Console.json(VerificationList(records)) }
        Console.out(VerificationPrinter.table(records, shown: all ? .max : 20))
    }
}

/// The JSON form of a list of verifications.
struct VerificationList: Encodable {
    var schema = "couchkeep/verification-list/1"
    var verifications: [VerificationResult.Summary]

    init(_ records: [VerificationRecord]) { verifications = records.map(VerificationResult.Summary.init) }
}
