import ArgumentParser
import Backup
import CouchDB
import Foundation
import Replication
import Service
import Supervision
import Vault

/// `couchkeep restore`: a moment of the vault into a database.
struct RestoreCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/restore/1"
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a database back from the vault, as it was at a moment.",
        discussion: """
            Into a new or empty database everything comes back as it was: all revisions, deleted documents, conflicts, \
            attachments, security. Then the database is compared with the moment; the exit code is 0 only where both are \
            equal, 10 where not.

              couchkeep restore orders --to http://couch:5984/orders_restored --user admin --dry-run
              couchkeep restore orders --at "2026-11-20 14:00" --to standby/orders_restored
              couchkeep restore orders --at 2h --document invoice-17 --to production/orders --into-existing --onto-source

            standby and production are servers of the configuration, which has their logins.

            Into a database that has documents (--into-existing), what is no longer current is written as a new edit on \
            top of what is there. Documents that came later, or were deleted then and live now, are kept, unless --exact removes \
            them; with --exact conflicts come back too. Only a restore of everything with --exact puts _security and \
            _revs_limit back. A restore that was cut off goes on when it is run again.

            Exit code 3 where the target refused something, a selector can't be asked of a document, or so many nodes of the \
            target's cluster are away that what was written is on too few copies, 15 where the vault \
            has lost something, 16 where it is refused for safety. With --all-databases it is 15 where that is the code of \
            one; else that of the failures where they are all of one kind, and 1 where not.
            """)

    @Argument(help: "The backup's name; see couchkeep vault list.", transform: BackupName.plain) var name: String?
    @Option(
        help: ArgumentHelp(
            "The database to restore into, a URL or SERVER/DATABASE of the configuration; the server with --all-databases.",
            valueName: "database"))
    var to: String
    @OptionGroup var moment: MomentOptions
    @OptionGroup var login: LoginOptions
    @OptionGroup var vault: VaultOptions
    @Option(help: ArgumentHelp("Only this document. May be given several times.", valueName: "id"))
    var document: [String] = []
    @Option(help: ArgumentHelp("Only documents whose id begins so.", valueName: "text")) var prefix: String?
    @Option(
        help: ArgumentHelp(
            "Only documents that are matched, as by _find: '{\"type\": \"order\"}'. Design documents are asked too. "
                + "Understood are \(MangoSelector.operators); others are refused.", valueName: "json"))
    var selector: String?
    @Flag(help: "Restore all backups of the vault, each into the database of its name.") var allDatabases = false
    @Flag(help: "Allow a target that has documents; what is not as it was is written on top.") var intoExisting = false
    @Flag(
        help:
            "With --into-existing: also remove what came later, and of everything put _security and _revs_limit back."
    ) var exact = false
    @Flag(help: "Allow the database that was backed up as target.") var ontoSource = false
    @Flag(help: "Allow a moment that was not read to its end.") var incomplete = false
    @Flag(help: "Restore local documents too (never the checkpoints of replicators).") var localDocuments = false
    @Flag(name: .shortAndLong, help: "Show what would be done; change nothing.") var dryRun = false
    @Flag(help: "Print one JSON object for each database, schema couchkeep/restore/1.") var json = false

    var subject: String? { name }

    func validate() throws {
        try BackupName.expectNoURL(name)
        let selections = [!document.isEmpty, prefix != nil, selector != nil].count { $0 }
        guard selections < 2 else { throw ValidationError("give one of --document, --prefix and --selector") }
        if allDatabases, let name {
            throw ValidationError("restore \(name), or --all-databases: give one of both")
        }
        guard allDatabases || name != nil else {
            throw ValidationError("name a backup, or say --all-databases; see couchkeep vault list")
        }
        try login.expectNone(for: to)
        if exact, !intoExisting { throw ValidationError("--exact is for --into-existing") }
    }

    func run() async throws {
        try KeyOptions.expectReading(try await vault.keySource())
        let targets = try await targets()
        guard let server = targets.first?.database.server else { preconditionFailure("a restore has a target") }
        try CommandEnd.end(try await server.closing { try await restore(targets) })
    }

    private func restore(_ targets: [(backup: String, database: CouchDatabase)]) async throws -> Service.ExitCode {
        if !allDatabases, let target = targets.first { return try await restore(target.backup, to: target.database) }
        var codes: [Service.ExitCode] = []
        let round = DatabaseRound(.target)
        for (backup, database) in targets {
            do {
                codes.append(try await round.run(database) { try await restore(backup, to: database) })
            } catch  where !Task.isCancelled {
                Console.error("\(backup) was not restored:")
                codes.append(Failure(error).reportInPassing(as: json ? Self.schema : nil, backup: backup))
            }
        }
        // What the vault has lost is never hidden by another failure.
        return codes.contains(.damaged) ? .damaged : BackupPrinter.code(of: codes)
    }

    private func targets() async throws -> [(backup: String, database: CouchDatabase)] {
        if let name { return [(name, try await login.database(to, vault))] }
        let names = try await vault.open().entries().map(\.name).filter { name in
            guard let reason = DatabaseNames.reasonToLeaveOut(name) else { return true }
            Console.error("\(name) is left out: \(reason)")
            return false
        }
        guard !names.isEmpty else { throw ValidationError("the vault has no backup") }
        let server = try await login.server(to, vault)
        return names.map { ($0, CouchDatabase(server: server, name: $0)) }
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

    /// The moment that is asked for; where none is, that of a restore that was cut off, or the newest one.
    private func moment(
        of backup: VaultDatabase, to database: CouchDatabase, _ options: RestoreOptions
    ) async throws -> VaultDatabase {
        guard moment.at == nil,
            let begun = try await RestoreRun.momentBegun(of: backup, in: database, options: options)
        else { return try await moment.moment(of: backup) }
        let moments = try await backup.moments()
        guard let found = moments.first(where: { $0.number == begun }) else {
            return try await moment.moment(of: backup)
        }
        if moments.last != found {
            Console.error("going on with moment #\(begun), whose restore was cut off; --at chooses another one")
        }
        return backup.at(found)
    }

    /// Restores; what a run before has finished, of all databases, is only compared.
    private func report(of run: RestoreRun) async throws -> RestoreReport {
        do {
            return try await run.run()
        } catch let error as RestoreError where allDatabases && error.code == .targetNotEmpty {
            guard let report = try await run.done() else { throw error }
            return report
        }
    }

    private func restore(_ backup: String, to database: CouchDatabase) async throws -> Service.ExitCode {
        try await vault.withBackup(backup) { opened in
            try opened.expectReadable()
            let options = try options()
            var run = RestoreRun(
                of: try await moment(of: opened, to: database, options), to: database, options: options)
            let printer = RestorePrinter(backup: backup, isJSON: json)
            guard !dryRun else {
                let plan = try await run.plan()
                try printer.print(plan)
                return plan.isDamaged ? .damaged : .ok
            }
            let line = ProgressLine()
            // Of a part nobody has counted the revisions.
            let total: Int? = if case .all = options.selection { run.moment.moment?.leaves } else { nil }
            run.onProgress = { state in
                line.show(
                    "\(backup): "
                        + ProgressLine.words(
                            "wrote", done: state.counts.revisionsStored, total: total, of: "revision",
                            bytes: state.counts.bytesStored, elapsed: state.elapsed, wait: state.wait),
                    isWaiting: state.wait != nil)
            }
            run.onLook = {
                line.show(
                    "\(backup): compared \(Wording.documents($0)), \($1) written anew")
            }
            run.onWait = { line.show("\(backup): \(WaitWords.text($0))", isWaiting: true) }
            run.onComparison = { state in
                let wait = state.wait.map { "; \(WaitWords.text($0))" } ?? ""
                line.show(
                    "\(backup): comparing, \(state.rows) of \(state.expected) rows read\(wait)",
                    isWaiting: state.wait != nil)
            }
            defer { line.end() }
            let report = try await report(of: run)
            line.end()
            try printer.print(report)
            return switch report.outcome {
            case .equal: .ok
            case .different: .different
            case .incomplete: .incomplete
            case .damaged: .damaged
            }
        }
    }
}
