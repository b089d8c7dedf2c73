import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Supervision
import Vault

/// `couchkeep verify run`, which is what `couchkeep verify` does where no subcommand is named.
struct VerifyRunCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/verification/1"
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Verify pairs of the configuration, or two databases (the default).",
        discussion: VerifyCommand.configuration.discussion)

    @Argument(
        help: ArgumentHelp(
            "A pair's name; or the source and the backup, each a database's URL, SERVER/DATABASE of the configuration or "
                + "vault:NAME; all pairs without it.",
            valueName: "pair-or-databases"))
    var words: [String] = []
    @OptionGroup var login: LoginOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var moment: MomentOptions
    @Option(help: "What is compared: counts, revisions or bodies.") var level = Verification.Level.revisions
    @Option(help: ArgumentHelp("Compare the bodies of so many percent of the documents each day.", valueName: "1%"))
    var share: SharePercent?
    @Flag(
        help: """
            Compare only what has changed since the pair's last verification found both sides equal; everything where \
            that can't be relied on.
            """)
    var incremental = false
    @Flag(help: "Plant a difference into the comparison, never into a database, and demand that it is found.")
    var selfTest = false
    @Option(help: ArgumentHelp("Write all differences into a file, a JSON object a line.", valueName: "file"))
    var output: String?
    @Option(
        help: ArgumentHelp("Stop after this time, such as 30m or 2h.", valueName: "duration"),
        transform: VerifyRunCommand.duration)
    var maxDuration: Duration?
    @Flag(help: "Print one JSON object for each pair, schema couchkeep/verification/1.") var json = false

    func validate() throws {
        if share != nil, level != .bodies { throw ValidationError("--share belongs to --level bodies") }
        if selfTest, level == .counts { throw ValidationError("--self-test needs --level revisions or bodies") }
        if incremental, level != .revisions { throw ValidationError("--incremental belongs to --level revisions") }
        switch words.count {
        case ...1:
            guard !login.isGiven else {
                throw ValidationError(
                    "a pair's user and password are those of the configuration; leave --user, "
                        + "--password-file and --ca-file away, or name two databases")
            }
            guard moment.at == nil else { throw ValidationError("--at is for a vault:NAME that is named as a side") }
            guard output == nil else {
                throw ValidationError(
                    "--output is for two databases; couchkeep verify show NUMBER names the file of a pair")
            }
            if let word = words.first, word.contains("://") {
                throw ValidationError("compared with what? Name two databases, or a pair of the configuration")
            }
        case 2:
            try login.expectNone(for: words[0], words[1])
            guard !incremental else {
                throw ValidationError("--incremental is for pairs of the configuration, of which the last one is kept")
            }
            guard maxDuration == nil else {
                throw ValidationError("--max-duration is for pairs of the configuration, which can be resumed")
            }
        default: throw ValidationError("verify takes a pair's name, or two databases")
        }
    }

    func run() async throws {
        guard words.count == 2 else { return try await verifyPairs() }
        let (code, equal): (_, VaultDatabase?) = try await ReplicaArgument.withBoth(
            words[0], words[1], login: login, vault: vault, moment: moment
        ) {
            for side in [$0, $1] {
                // Without a moment there is nothing to compare with, whatever a run that was cut off has stored.
                guard let backup = side.replica as? VaultDatabase, try await backup.moments().isEmpty else { continue }
                _ = try await backup.atNewest()
            }
            // A backup can go on while it is compared: what gets the mark is what was compared.
            let named = level == .counts ? nil : $1.replica as? VaultDatabase
            let backup = try await named?.atMomentOfState()
            let code = try await compare($0, backup.map($1.at) ?? $1)
            return (code, code == .ok ? backup : nil)
        }
        if let equal {
            let content = level == .bodies && share == nil
            let unmarked = try await MomentMark().leave(on: equal, content: content, at: Date()) {
                try await vault.open()
            }
            if let unmarked { Console.error("couchkeep: vault:\(equal.name): \(unmarked)") }
        }
        try CommandEnd.end(code)
    }

    private func verifyPairs() async throws {
        let loaded = try vault.pairConfiguration()
        var desk = VerificationDesk(loaded)
        let line = ProgressLine()
        desk.onProgress = { name, state in line.show("\(name): \(Self.words(state))", isWaiting: state.wait != nil) }
        defer { line.end() }
        let isOne = words.first != nil
        var codes: [Service.ExitCode] = []
        var order = PairVerifier.Order(level: level, reason: "asked", maximum: maxDuration)
        if let share { order.share = .rolling(percent: share.value, at: Date()) }
        (order.selfTests, order.isIncremental) = (selfTest, incremental)
        try await desk.verify(words.first, order) { pair, outcome in
            line.end()
            codes.append(outcome.exitCode)
            if let unmarked = outcome.record.unmarked { Console.error("couchkeep: \(pair.target): \(unmarked)") }
            let printer = VerificationPrinter(source: pair.source.url, target: pair.target)
            if json {
                try Console.json(
                    VerificationResult(outcome.record, outcome.differences.map(VerificationDifference.init)))
            } else if isOne {
                printer.text(outcome.record, outcome.differences.map(VerificationDifference.init))
            } else {
                printer.line(outcome.record)
            }
        }
        guard !codes.isEmpty else {
            Console.error("couchkeep: the configuration makes no pair, or all are switched off")
            throw CommandEnd(code: .usage)
        }
        try CommandEnd.end(Service.ExitCode(verifications: codes))
    }

    private func compare(_ left: ReplicaArgument, _ right: ReplicaArgument) async throws -> Service.ExitCode {
        var verification = Verification(left.replica, right.replica)
        let line = ProgressLine()
        if let share { verification.share = .rolling(percent: share.value, at: Date()) }
        verification.selfTests = selfTest
        verification.onProgress = { line.show(Self.words($0), isWaiting: $0.wait != nil) }
        let file = try output.map { try DifferenceFile(path: $0) }
        let source = (left.replica as? CouchReplica)?.database
        var changes = LaterChanges(source: source, filledTo: try await right.filledTo(of: source))
        let compared = try await verification.run(level: level) { difference in
            guard try await !changes.explain(difference) else { return }
            try file?.append(VerificationDifference(difference))
        }
        // Equal to what is left of a moment is not equal to the moment.
        if compared.verdict == .equal {
            for side in [left, right] { try await (side.replica as? VaultDatabase)?.expectAllLeaves() }
        }
        line.end()
        try file?.close()
        let (result, later) = changes.corrected(compared)
        let printer = VerificationPrinter(source: left.name, target: right.name)
        if json { try printer.json(result, onTheirWay: later) } else { printer.text(result, onTheirWay: later) }
        if result.verdict == .unknown,
            let vault = [left, right].lazy.compactMap({ $0.replica as? VaultDatabase }).first,
            let side = result.bodies?.unreadableRevisions.first?.side,
            (side == .target) == (right.replica is VaultDatabase)
        {
            throw VaultError(
                .damaged, "content that was compared is not what was stored", at: vault.name,
                next: "couchkeep vault repair \(ShellWord.quoted(vault.name)) --from URL")
        }
        switch result.verdict {
        case .equal: return .ok
        case .different: return .different
        case .unknown: return .unknown
        }
    }

    static func words(_ state: Verification.Progress) -> String {
        ProgressLine.words(
            state.level == .bodies ? "bodies of" : "compared", done: state.rows, total: state.expected,
            bytes: state.bytes, elapsed: state.elapsed, wait: state.wait)
    }

    /// Reads `30m`.
    @Sendable
    static func duration(_ text: String) throws -> Duration {
        guard let duration = DurationText.parse(text) else {
            throw ValidationError("a duration is a number and a unit, such as 30m, 2h, 1d or 1h30m, not \"\(text)\"")
        }
        return duration
    }
}
