import ArgumentParser
import Backup
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep restore`: a moment of the vault into a database.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a database back from the vault, as it was at a moment.",
        discussion: """
            Into a new or empty database everything comes back as it was: all revisions, deleted documents, conflicts, \
            attachments, security. Then the database is compared with the moment; the exit code is 0 only where both are \
            equal, 10 where not.

              couchkeep restore orders --to http://couch:5984/orders_restored --dry-run
              couchkeep restore orders --at "2026-11-20 14:00" --to http://couch:5984/orders_restored
              couchkeep restore orders --at 2h --document invoice-17 --to http://couch:5984/orders --into-existing \
            --onto-source

            Into a database that has documents (--into-existing), what is no longer current is written as a new edit on \
            top of what is there. Documents that came later are kept, unless --exact removes them. A restore that was \
            cut off goes on when it is run again.
            """)

    @Argument(help: "The backup's name; see couchkeep vault list.") var name: String?
    @Option(help: ArgumentHelp("The database to restore into; the server with --all-databases.", valueName: "url"))
    var to: String
    @OptionGroup var moment: MomentOptions
    @OptionGroup var login: LoginOptions
    @OptionGroup var vault: VaultOptions
    @Option(help: ArgumentHelp("Only this document. May be given several times.", valueName: "id"))
    var document: [String] = []
    @Option(help: ArgumentHelp("Only documents whose id begins so.", valueName: "text")) var prefix: String?
    @Option(
        help: ArgumentHelp(
            "Only documents that are matched, as by _find: '{\"type\": \"order\"}'.", valueName: "json"))
    var selector: String?
    @Flag(help: "Restore all backups of the vault, each into the database of its name.") var allDatabases = false
    @Flag(help: "Allow a target that has documents; what is not as it was is written on top.") var intoExisting = false
    @Flag(help: "With --into-existing: also remove what came after the moment.") var exact = false
    @Flag(help: "Allow the database that was backed up as target.") var ontoSource = false
    @Flag(help: "Allow a moment that was not read to its end.") var incomplete = false
    @Flag(help: "Restore local documents too (never the checkpoints of replicators).") var localDocuments = false
    @Flag(name: .shortAndLong, help: "Show what would be done; change nothing.") var dryRun = false
    @Flag(help: "Print one JSON object for each database, schema couchkeep/restore/1.") var json = false

    func validate() throws {
        let selections = [!document.isEmpty, prefix != nil, selector != nil].count { $0 }
        guard selections < 2 else { throw ValidationError("give one of --document, --prefix and --selector") }
        guard allDatabases != (name != nil) else {
            throw ValidationError("name a backup, or say --all-databases; see couchkeep vault list")
        }
        if exact, !intoExisting { throw ValidationError("--exact is for --into-existing") }
    }

    func run() async throws {
        let targets = try await targets()
        guard let server = targets.first?.database.server else { throw ValidationError("the vault has no backup") }
        do {
            var code = Service.ExitCode.ok
            for target in targets {
                do {
                    let end = try await restore(target.backup, to: target.database)
                    if end != .ok { code = end }
                } catch let error as RestoreError where allDatabases {
                    Console.error("couchkeep: \(target.backup): \(error)")
                    code = .refused
                }
            }
            try await server.shutdown()
            try CommandEnd.end(code)
        } catch {
            if !(error is CommandEnd) { try await server.shutdown() }
            throw error
        }
    }

    private func targets() async throws -> [(backup: String, database: CouchDatabase)] {
        if let name { return [(name, try await login.database(to))] }
        let server = try await login.server(to)
        return try await vault.open().entries().map { ($0.name, CouchDatabase(server: server, name: $0.name)) }
    }

    private func options() throws -> RestoreOptions {
        var options = RestoreOptions()
        if !document.isEmpty { options.selection = .documents(document.map { DocumentID($0) }) }
        if let prefix { options.selection = .prefix(prefix) }
        if let selector { options.selection = .matching(try MangoSelector(selector)) }
        (options.intoExisting, options.isExact, options.ontoSource) = (intoExisting, exact, ontoSource)
        (options.acceptsIncomplete, options.includesLocalDocuments) = (incomplete, localDocuments)
        return options
    }

    private func restore(_ backup: String, to database: CouchDatabase) async throws -> Service.ExitCode {
        try await vault.withBackup(backup) { opened in
            var run = RestoreRun(of: try await moment.moment(of: opened), to: database, options: try options())
            let printer = RestorePrinter(backup: backup, isJSON: json)
            guard !dryRun else {
                try printer.print(try await run.plan(), bytes: try await opened.statistics().documentBytes)
                return .ok
            }
            let line = ProgressLine()
            run.onProgress = { state in
                line.show(
                    "\(backup): "
                        + ProgressLine.words(
                            "wrote", done: state.counts.revisionsStored,
                            total: state.pending.map { $0 + state.counts.documentsRead },
                            bytes: state.counts.bytesStored, elapsed: state.elapsed))
            }
            run.onComparison = { line.show("\(backup): comparing, \($0.rows) of \($0.expected) rows read") }
            defer { line.end() }
            let report = try await run.run()
            line.end()
            try printer.print(report)
            return report.isEqual ? .ok : report.refusals.isEmpty ? .different : .incomplete
        }
    }
}

/// Prints plans and ends of restores.
struct RestorePrinter {
    var backup: String
    var isJSON = false

    /// Documents a second that a server of two cores takes, as measured; for a first guess.
    private static let usualRate = 6000.0

    func print(_ plan: RestorePlan, bytes: Int) throws {
        let seconds = Double(plan.documents) / Self.usualRate
        guard !isJSON else {
            return try Console.json(RestoreResult(backup: backup, plan: plan, estimate: seconds))
        }
        var lines = [
            "\(backup): moment #\(plan.moment.number) of \(plan.moment.time)\(plan.moment.isComplete ? "" : ", incomplete")",
            "  to        \(plan.targetURL) (\(words(plan.target)))",
            "  documents \(plan.documents)\(plan.deleted > 0 ? ", \(plan.deleted) of them deleted" : "")",
            "  bytes     at most \(ByteText.text(bytes)) of documents in all moments",
        ]
        if let differing = plan.differing {
            lines.append("  conflicts \(differing) documents there are not what they were, and are changed")
        }
        if let later = plan.later {
            lines.append("  later     \(later) documents there came later or were deleted then")
        }
        lines.append("  time      about \(DurationWords.text(max(seconds, 1)))")
        lines.append("Nothing was changed. Without --dry-run it is done.")
        Console.out(lines.joined(separator: "\n"))
    }

    func print(_ report: RestoreReport) throws {
        if isJSON {
            try Console.json(RestoreResult(backup: backup, report: report))
        } else {
            Console.out(text(report))
        }
        for refusal in report.refusals.prefix(20) {
            Console.error("not restored: “\(refusal.id)” \(refusal.revision?.description ?? ""): \(refusal.reason)")
        }
        for difference in report.differences {
            Console.error("differs: “\(difference.id)” \(difference.kind.rawValue)")
        }
    }

    private func words(_ target: RestorePlan.Target) -> String {
        switch target {
        case .absent: "will be made"
        case .empty: "is empty"
        case .begun: "this restore was begun and will go on"
        case .existing: "has documents"
        }
    }

    private func text(_ report: RestoreReport) -> String {
        var text =
            "\(backup): moment #\(report.plan.moment.number) of \(report.plan.moment.time) is in "
            + "\(report.plan.targetURL): \(report.counts.revisionsStored) revisions, "
            + "\(ByteText.text(report.counts.bytesStored))"
        if report.edits > 0 { text += ", \(report.edits) new edits on top" }
        text += " in \(DurationWords.text(report.elapsed / .seconds(1)))\n"
        text +=
            report.isEqual
            ? "Compared: \(report.comparison.equal) documents are as they were."
            : "NOT EQUAL: \(report.comparison.different) documents differ, \(report.refusals.count) were refused."
        return text
    }
}

/// The JSON form of a restore, planned or done.
struct RestoreResult: Encodable {
    struct Document: Encodable {
        var id: String
        var reason: String
    }

    var schema = "couchkeep/restore/1"
    var backup: String
    var result: String
    var moment: Int
    var at: String
    var target: String
    var targetState: String
    var documents: Int
    var differing: Int?
    var later: Int?
    var estimatedSeconds: Double?
    var seconds: Double?
    var revisions: Int?
    var bytes: Int?
    var edits: Int?
    var equal: Int?
    var different: Int?
    var problems: [Document] = []

    init(backup: String, plan: RestorePlan, estimate: Double?) {
        self.backup = backup
        result = "planned"
        (moment, at) = (plan.moment.number, plan.moment.time)
        (target, targetState, documents) = (plan.targetURL, plan.target.rawValue, plan.documents)
        (differing, later, estimatedSeconds) = (plan.differing, plan.later, estimate)
    }

    init(backup: String, report: RestoreReport) {
        self.init(backup: backup, plan: report.plan, estimate: nil)
        result = report.isEqual ? "equal" : report.refusals.isEmpty ? "different" : "incomplete"
        seconds = report.elapsed / .seconds(1)
        (revisions, bytes) = (report.counts.revisionsStored, report.counts.bytesStored)
        (edits, equal, different) = (report.edits, report.comparison.equal, report.comparison.different)
        problems =
            report.refusals.map { Document(id: $0.id.text, reason: "\($0.error): \($0.reason)") }
            + report.differences.map { Document(id: $0.id.text, reason: $0.kind.rawValue) }
    }
}
