import ArgumentParser
import Foundation
import Service
import Supervision
import Vault

/// `couchkeep status`: what the last check found.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what the last check found, without asking any server.",
        discussion: """
            Worst first. Works when everything else is down. A report older than --max-age is shown, but counts as \
            unknown (exit code 20), even where it tells of a problem: a watchdog that has died knows nothing of now.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print one JSON object, schema couchkeep/status/1.")
    var json = false
    @Flag(help: "Tell of every pair, however many there are.")
    var all = false
    @Option(
        help: ArgumentHelp(
            "The age from which a report is no longer trusted, such as 30m or 2h.", valueName: "duration"))
    var maxAge = "1h"

    func run() async throws {
        guard let limit = DurationText.parse(maxAge) else {
            throw ValidationError("--max-age takes a number and a unit, such as 30m, 2h or 1h30m, not \"\(maxAge)\"")
        }
        let loaded = try options.load()
        guard let report = try await StoredStatus(loaded).report(now: Date(), maximumAge: limit) else {
            let folder = StateFolder(loaded).location.path
            Console.error("couchkeep: nothing is known yet in \(folder); run: couchkeep check")
            throw CommandEnd(code: .unknown)
        }
        let printer: any ReportPrinter = json ? JSONReportPrinter() : TextReportPrinter(showsAll: all)
        try printer.print(report.report)
        if report.isStale {
            Console.error("couchkeep: this is older than \(maxAge), so nothing is known of now; run: couchkeep check")
        }
        try CommandEnd.end(report.exitCode)
    }
}
