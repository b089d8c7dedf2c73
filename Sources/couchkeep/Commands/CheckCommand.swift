import ArgumentParser
import Backup
import Foundation
import Service
import Supervision

/// `couchkeep check`: one pass over all pairs.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look at all pairs, repair what is broken, tell what is not.",
        discussion: """
            Asks every server, says what is wrong and why, repairs pairs of mode manage, looks again, and sends \
            messages on what has changed. A second run right behind it changes nothing more.

            Then it backs up the pairs of mode manage whose target is the vault, and tells what has come of it; however \
            long that takes, other checks look meanwhile.

            Then it verifies the pairs for which that is due (verify: in the configuration), and those for which a \
            finding says that something may be missing; copies what is missing into backups of mode manage; and \
            verifies those again. It takes verify.budget at most (5 minutes), and the next check goes on; other checks \
            look meanwhile.

            Then it rehearses the restores that are due (drill: in the configuration), one after the other, and begins \
            another one while drill.budget lasts (5 minutes); ctrl-c ends the one that is under way, and removes its scratch. \
            --no-verify leaves out verifications and drills, --dry-run says what is due.

            From cron, every five minutes:
              */5 * * * * /usr/local/bin/couchkeep check --quiet --config /etc/couchkeep/couchkeep.yaml

            With --quiet it prints one line when all is well and nothing was done, and the whole report otherwise.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Flag(name: .shortAndLong, help: "Show what would be repaired and backed up; change nothing, tell nobody.")
    var dryRun = false
    @Flag(
        help:
            "Take over replication documents made by others, and accept replaced servers and sources as the right ones."
    )
    var adopt = false
    @Option(
        help: ArgumentHelp(
            "With --adopt: only this pair or server, or the scratch of a drill. May be given several times.",
            valueName: "name"))
    var only: [String] = []
    @Option(
        help: ArgumentHelp(
            "Let a pair's source be read again from the beginning; what the target has is not copied again.",
            discussion: """
                For a target that refused documents, after the cause is removed. May be given several times. Only for pairs \
                of mode manage.
                """,
            valueName: "pair"))
    var rescan: [String] = []
    @Flag(help: "Print one JSON object, schema couchkeep/status/1.")
    var json = false
    @Flag(name: .shortAndLong, help: "Print one line when all is well.")
    var quiet = false
    @Flag(help: "Verify and rehearse nothing in this run, whatever is due.")
    var noVerify = false
    @Flag(help: "Tell of every pair, however many there are.")
    var all = false

    func validate() throws {
        guard only.isEmpty || adopt else { throw ValidationError("--only says what --adopt is about, and needs it") }
    }

    func run() async throws {
        var check = CheckRun(try options.load(isQuiet: quiet))
        check.verifies = !noVerify
        check.interrupting = { body in try await Interruption.asking(body) }
        let outcome = try await check.run(
            PassOptions(
                isDryRun: dryRun, adopts: adopt, adoptsOnly: only.isEmpty ? nil : Set(only), rescans: Set(rescan)))
        let printer: any ReportPrinter = json ? JSONReportPrinter() : TextReportPrinter(isQuiet: quiet, showsAll: all)
        try printer.print(outcome.report)
        if let failure = outcome.notRemembered { Console.error("couchkeep: \(failure)") }
        if let objection = RescanRequest(Set(rescan)).objection(outcome.report) { throw ValidationError(objection) }
        if let unknown = unknownName(in: outcome.report) {
            throw ValidationError("--only \(unknown): there is no such pair or server; nothing was adopted for it")
        }
        try CommandEnd.end(outcome.exitCode)
    }

    /// One of the names that alone are to be adopted, and that nothing has.
    private func unknownName(in report: Report) -> String? {
        let names = Set(
            report.pairs.flatMap { [$0.pair] + (VaultPair.backup(of: $0.target) == nil ? [] : [$0.target]) }
                + report.servers.map(\.name))
        // A scratch database that was taken for gone is in no report any more.
        return only.first { !names.contains($0) && !$0.contains(ScratchName.prefix) }
    }
}
