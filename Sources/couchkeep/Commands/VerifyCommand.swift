import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep verify`: whether every leaf revision of the source is in the target, and the other way round; and whether the
/// content of all of them is the same.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare two databases, or a database and its backup, by their revisions or bodies.",
        discussion: """
            Reads both feeds at the same time and compares all leaf revisions of all documents, deleted ones too, in \
            both directions. The databases may be written to meanwhile: what seems to differ is looked at again until it \
            is sure. Memory stays the same whatever the size.

              couchkeep verify http://couch1:5984/orders http://couch2:5984/orders --user backup
              couchkeep verify http://couch1:5984/orders vault:orders
              couchkeep verify vault:orders http://couch2:5984/restored --at "2026-11-20 14:00"
              couchkeep verify http://couch1:5984/orders vault:orders --level bodies --share 1%

            Level counts compares numbers of documents only, which proves little. Level bodies compares the content of \
            all revisions too, with their attachments, and proves each against its own revision id where CouchDB made \
            it. With --share, each day has another part of the documents, and all days together cover everything.

            Exit code 0 where they are equal, 10 where they differ, 20 where that can't be known.
            """)

    @Argument(help: "The source: a database's URL, or vault:NAME.") var source: String
    @Argument(help: "The backup: a database's URL, or vault:NAME.") var target: String
    @OptionGroup var login: LoginOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var moment: MomentOptions
    @Option(help: "What is compared: counts, revisions or bodies.") var level = Verification.Level.revisions
    @Option(help: ArgumentHelp("Compare the bodies of so many percent of the documents each day.", valueName: "1%"))
    var share: SharePercent?
    @Flag(help: "Plant a difference into the comparison, never into a database, and demand that it is found.")
    var selfTest = false
    @Option(help: ArgumentHelp("Write all differences into a file, a JSON object a line.", valueName: "file"))
    var output: String?
    @Flag(help: "Print one JSON object, schema couchkeep/verification/1.") var json = false

    func validate() throws {
        if share != nil, level != .bodies { throw ValidationError("--share belongs to --level bodies") }
        if selfTest, level == .counts { throw ValidationError("--self-test needs --level revisions or bodies") }
    }

    func run() async throws {
        let code = try await ReplicaArgument.withBoth(source, target, login: login, vault: vault, moment: moment) {
            try await compare($0, $1)
        }
        try CommandEnd.end(code)
    }

    private func compare(_ left: ReplicaArgument, _ right: ReplicaArgument) async throws -> Service.ExitCode {
        var verification = Verification(left.replica, right.replica)
        if let share { verification.share = .rolling(percent: share.value, at: Date()) }
        verification.selfTests = selfTest
        let line = ProgressLine()
        verification.onProgress = { state in
            line.show(
                ProgressLine.words(
                    state.level == .bodies ? "bodies of" : "compared", done: state.rows, total: state.expected,
                    bytes: state.bytes, elapsed: state.elapsed))
        }
        let file = try output.map { try DifferenceFile(path: $0) }
        let result = try await verification.run(level: level) { difference in
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
