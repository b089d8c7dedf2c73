import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep verify`: whether every leaf revision of the source is in the target, and the other way round.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare two databases, or a database and its backup, revision by revision.",
        discussion: """
            Reads both feeds at the same time and compares all leaf revisions of all documents, deleted ones too, in \
            both directions. The databases may be written to meanwhile: what seems to differ is looked at again until it \
            is sure. Memory stays the same whatever the size.

              couchkeep verify http://couch1:5984/orders http://couch2:5984/orders --user backup
              couchkeep verify http://couch1:5984/orders vault:orders
              couchkeep verify vault:orders http://couch2:5984/restored --at "2026-11-20 14:00"

            Exit code 0 where they are equal, 10 where they differ, 20 where that can't be known.
            """)

    @Argument(help: "The source: a database's URL, or vault:NAME.") var source: String
    @Argument(help: "The backup: a database's URL, or vault:NAME.") var target: String
    @OptionGroup var login: LoginOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var moment: MomentOptions
    @Flag(help: "Compare the numbers of documents only.") var counts = false
    @Option(help: ArgumentHelp("Write all differences into a file, a JSON object a line.", valueName: "file"))
    var output: String?
    @Flag(help: "Print one JSON object, schema couchkeep/verification/1.") var json = false

    func run() async throws {
        let code = try await ReplicaArgument.withBoth(source, target, login: login, vault: vault, moment: moment) {
            try await compare($0, $1)
        }
        try CommandEnd.end(code)
    }

    private func compare(_ left: ReplicaArgument, _ right: ReplicaArgument) async throws -> Service.ExitCode {
        var verification = Verification(left.replica, right.replica)
        let line = ProgressLine()
        verification.onProgress = { state in
            line.show(
                ProgressLine.words(
                    "compared", done: state.rows, total: state.expected, bytes: 0, elapsed: state.elapsed))
        }
        let file = try output.map { try DifferenceFile(path: $0) }
        let result = try await verification.run(level: counts ? .counts : .revisions) { difference in
            try file?.append(difference)
        }
        line.end()
        try file?.close()
        let printer = VerificationPrinter(source: left.name, target: right.name)
        if json { try printer.json(result) } else { printer.text(result) }
        switch result.verdict {
        case .equal: return .ok
        case .different: return .different
        case .unknown: return .unknown
        }
    }
}
