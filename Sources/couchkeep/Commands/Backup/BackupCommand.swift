import ArgumentParser
import Backup
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep backup`: databases into the vault.
struct BackupCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/backup/1"
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up databases into the vault, with their past.",
        discussion: """
            Takes all documents with all their revisions that are no longer replaced, deleted ones, conflicts and \
            attachments; the next run takes only what has changed. Each run adds a moment that can be restored.

              couchkeep backup http://couch:5984/orders --user backup --password-file /etc/couchkeep/couch.password
              couchkeep backup http://couch:5984 --all-databases
              couchkeep backup http://couch:5984/orders --continuous
              couchkeep backup                      all pairs of the configuration whose target is the vault

            A run that is cut off loses nothing: the next one goes on. What can't be copied is named, and the run ends \
            as incomplete (exit code 3), never as good; so does one of a cluster of which so many nodes are away that \
            acknowledged writes may not be visible.
            """)

    @Argument(
        help: ArgumentHelp(
            "The database, a URL or SERVER/DATABASE of the configuration; the server with --all-databases; without it the "
                + "configuration's pairs.", valueName: "database"))
    var url: String?
    @OptionGroup var login: LoginOptions
    @OptionGroup var options: VaultOptions
    @Option(help: ArgumentHelp("The backup's name in the vault; the database's where not given.", valueName: "name"))
    var name: String?
    @Flag(help: "Back up all databases of the server, small ones four at a time.") var allDatabases = false
    @Flag(help: "Go on with new changes until interrupted; a moment every few seconds.") var continuous = false
    @Flag(help: "Print one JSON object for each database, schema couchkeep/backup/1.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing when all is well.") var quiet = false

    var subject: String? {
        if let name { return name }
        guard let url, !allDatabases else { return nil }
        if let named = ServerName(url) { return named.database }
        // A URL that can't be read names no database.
        return try? ServerURL.parseDatabase(url).database
    }

    func validate() throws {
        try BackupName.expectNoURL(name)
        if name?.isEmpty == true { throw ValidationError("--name takes the name of the backup, such as orders") }
        try login.expectNone(for: url)
        if allDatabases, name != nil { throw ValidationError("--name is for one database, not for --all-databases") }
        if allDatabases, continuous { throw ValidationError("--continuous follows one database") }
        if url == nil, allDatabases || continuous || name != nil || login.isGiven {
            throw ValidationError(
                "without a URL the configuration's pairs are backed up, each as it says; give a URL, or leave --user, "
                    + "--password-file, --ca-file, --name, --all-databases and --continuous away")
        }
    }

    func run() async throws {
        guard let url else {
            return try CommandEnd.end(
                try await ConfiguredBackups(options: options, printer: printer, isQuiet: quiet).run())
        }
        guard allDatabases else {
            let database = try await login.database(url, options)
            return try CommandEnd.end(try await database.server.closing { try await backUp(database, in: nil) })
        }
        let server = try await login.server(url, options)
        try CommandEnd.end(try await server.closing { try await backUp(try await databases(of: server)) })
    }

    private var printer: BackupPrinter { BackupPrinter(isJSON: json, isQuiet: quiet) }

    private func databases(of server: ServerConnection) async throws -> [CouchDatabase] {
        let databases = try await ReplicationFailure.Side.source.naming { try await server.databaseNames() }
            .filter { !ScratchName.isScratch($0) }
            .map { CouchDatabase(server: server, name: $0) }
        guard !databases.isEmpty else { throw ValidationError("the server has no database to back up") }
        return databases
    }

    private func backUp(_ databases: [CouchDatabase]) async throws -> Service.ExitCode {
        var codes: [Service.ExitCode] = []
        let turns = Turns(Self.atOnce)
        let round = DatabaseRound(.source, isSilent: quiet)
        try await databases.concurrentForEach(atMost: Self.atOnce) { database in
            do {
                return try await round.run(database) { try await backUp(database, in: turns) }
            } catch  where !Task.isCancelled {
                Console.error("\(database.name) was not backed up:")
                return Failure(error).reportInPassing(as: json ? Self.schema : nil, backup: database.name)
            }
        } receive: { code in
            codes.append(code)
            return true
        }
        return BackupPrinter.code(of: codes)
    }

    /// Small ones are mostly waited for.
    private static let atOnce = 4

    /// Backs up one database.
    ///
    /// - Parameter turns: lets others run beside it; nil where there is none.
    private func backUp(_ database: CouchDatabase, in turns: Turns?) async throws -> Service.ExitCode {
        // Before a vault is made: a URL with a slip should leave nothing behind.
        let info = try await ReplicationFailure.Side.source.naming { try await database.info() }
        return try await options.withBackup(name ?? database.name, isWriting: true, create: true) { backup in
            var run = BackupRun(of: database, into: backup)
            run.turns = turns
            let line = ProgressLine(isSilent: quiet)
            run.onProgress = { state in
                line.show(BackupPrinter.words(state, of: database.name), isWaiting: state.wait != nil)
            }
            defer { line.end() }
            guard continuous else {
                let report = try await run.run(knowing: info)
                line.end()
                try printer.print(report)
                return BackupPrinter.code(of: report)
            }
            return try await Interruption.asking { stop in
                var code = Service.ExitCode.ok
                try await run.follow(every: .seconds(5), until: stop) { failure, pause in
                    line.end()
                    Console.error(
                        "\(database.name): \(failure.underlying); trying again in "
                            + DurationWords.text(pause / .seconds(1)))
                } report: { report in
                    line.end()
                    try printer.print(report)
                    code = BackupPrinter.code(of: report)
                }
                return code
            }
        }
    }
}
