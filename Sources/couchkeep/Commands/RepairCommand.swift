import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep repair`: copy exactly what the target lacks.
struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Copy exactly the revisions that a backup lacks, and look again.",
        discussion: """
            Verifies first, then copies the missing leaf revisions with their history and attachments, then asks the \
            target once more. Nothing is deleted: revisions that only the target has are shown and stay.

              couchkeep repair orders --dry-run     a pair of the configuration, with its users and passwords
              couchkeep repair http://couch1:5984/orders http://couch2:5984/orders --user backup --dry-run

            Exit code 0 where nothing is missing any more, 3 where the target refused something.
            """)

    @Argument(
        help: ArgumentHelp(
            "A pair's name; or the source (a database's URL or vault:NAME) and the database to mend, by its URL.",
            valueName: "pair-or-databases"))
    var words: [String]
    @OptionGroup var login: LoginOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var moment: MomentOptions
    @Flag(name: .shortAndLong, help: "Show what would be copied; change nothing.") var dryRun = false

    func validate() throws {
        guard (1...2).contains(words.count) else {
            throw ValidationError("repair takes a pair's name, or two databases")
        }
        if words.count == 2, words[1].hasPrefix("vault:") {
            throw ValidationError("a vault is mended by couchkeep backup, which copies all that it lacks")
        }
        if words.count == 1, words[0].contains("://") {
            throw ValidationError(
                "from where? Name the source and the database to mend, or a pair of the configuration")
        }
        if words.count == 1, login.isGiven {
            throw ValidationError(
                "a pair's user and password are those of the configuration; leave --user, --password-file and --ca-file "
                    + "away, or name two databases")
        }
    }

    func run() async throws {
        let code: Service.ExitCode
        if words.count == 1 {
            code = try await VerificationDesk(vault.configuration()).withServerPair(words[0]) { _, sides in
                try await mend(sides.source, sides.target)
            }
        } else {
            code = try await ReplicaArgument.withBoth(
                words[0], words[1], login: login, vault: vault, moment: moment
            ) {
                try await mend($0.replica, $1.replica)
            }
        }
        try CommandEnd.end(code)
    }

    private func mend(
        _ source: any ComparableReplica, _ target: any ComparableReplica
    ) async throws -> Service.ExitCode {
        let line = ProgressLine()
        var verification = Verification(source, target)
        verification.onProgress = { state in
            line.show(
                ProgressLine.words(
                    "compared", done: state.rows, total: state.expected, bytes: 0, elapsed: state.elapsed))
        }
        var found: [Difference] = []
        let result = try await verification.run { found.append($0) }
        line.end()
        let holes = found.filter { !$0.onlyInSource.isEmpty }
        let extra = found.count { !$0.onlyInTarget.isEmpty }
        Console.out("\(result.counts.equal) documents are equal, \(holes.count) lack a revision of the source")
        if extra > 0 { Console.out("\(extra) have revisions that only the target has; they stay") }
        guard !holes.isEmpty else { return extra == 0 ? .ok : .different }
        guard !dryRun else {
            for hole in holes.prefix(20) {
                Console.out("  \(hole.id)  \(hole.onlyInSource.map(\.description).joined(separator: " "))")
            }
            if holes.count > 20 { Console.out("  and \(holes.count - 20) more") }
            Console.out("Nothing was copied. Without --dry-run it is done.")
            return .different
        }
        let report = try await HoleRepair(source, target).run(holes)
        Console.out("\(report.copied) revisions copied; \(report.remaining.count) documents still lack one")
        for refusal in report.refusals.prefix(20) {
            Console.error(
                "refused: “\(refusal.id)” \(refusal.revision?.description ?? ""): \(refusal.error): \(refusal.reason)")
        }
        return report.remaining.isEmpty ? .ok : .incomplete
    }
}
