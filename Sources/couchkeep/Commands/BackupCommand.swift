import ArgumentParser
import Backup
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep backup`: a database into the vault.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up a database into the vault, with its past.",
        discussion: """
            Takes all documents with all their revisions that are no longer replaced, deleted ones, conflicts and \
            attachments; the next run takes only what has changed. Each run adds a moment that can be restored.

              couchkeep backup http://couch:5984/orders --user backup --password-file /etc/couchkeep/couch.password
              couchkeep backup http://couch:5984 --all-databases
              couchkeep backup http://couch:5984/orders --continuous

            A run that is cut off loses nothing: the next one goes on. What can't be copied is named, and the run ends \
            as incomplete (exit code 3), never as good.
            """)

    @Argument(help: "The database's URL; the server's with --all-databases.") var url: String
    @OptionGroup var login: LoginOptions
    @OptionGroup var options: VaultOptions
    @Option(help: ArgumentHelp("The backup's name in the vault; the database's where not given.", valueName: "name"))
    var name: String?
    @Flag(help: "Back up all databases of the server, one after another.") var allDatabases = false
    @Flag(help: "Go on with new changes until interrupted; a moment every few seconds.") var continuous = false
    @Flag(help: "Print one JSON object for each database, schema couchkeep/backup/1.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing when all is well.") var quiet = false

    func validate() throws {
        if allDatabases, name != nil { throw ValidationError("--name is for one database, not for --all-databases") }
        if allDatabases, continuous { throw ValidationError("--continuous follows one database") }
    }

    func run() async throws {
        let databases = try await databases()
        guard let server = databases.first?.server else {
            throw ValidationError("the server has no database to back up")
        }
        do {
            var isIncomplete = false
            for database in databases { isIncomplete = try await backUp(database) || isIncomplete }
            try await server.shutdown()
            try CommandEnd.end(isIncomplete ? .incomplete : .ok)
        } catch {
            if !(error is CommandEnd) { try await server.shutdown() }
            throw error
        }
    }

    private func databases() async throws -> [CouchDatabase] {
        guard allDatabases else { return [try await login.database(url)] }
        let server = try await login.server(url)
        return try await ReplicationFailure.Side.source.naming { try await server.databaseNames() }
            .map { CouchDatabase(server: server, name: $0) }
    }

    /// Backs up one database, and tells whether something is missing.
    private func backUp(_ database: CouchDatabase) async throws -> Bool {
        // Before a vault is made: a URL with a slip should leave nothing behind.
        let info = try await ReplicationFailure.Side.source.naming { try await database.info() }
        let printer = BackupPrinter(isJSON: json, isQuiet: quiet)
        return try await options.withBackup(name ?? database.name, isWriting: true, create: true) { backup in
            var run = BackupRun(of: database, into: backup)
            let line = ProgressLine(isSilent: quiet)
            let total = info.documentCount + info.deletedCount
            run.onProgress = { state in
                line.show(
                    "\(database.name): "
                        + ProgressLine.words(
                            "read", done: state.counts.documentsRead,
                            total: state.pending.map { $0 + state.counts.documentsRead } ?? total,
                            bytes: state.counts.bytesStored, elapsed: state.elapsed))
            }
            defer { line.end() }
            guard continuous else {
                let report = try await run.run()
                line.end()
                try printer.print(report)
                return report.isIncomplete
            }
            try await run.follow(every: .seconds(5)) { report in
                line.end()
                try printer.print(report)
            }
            return false
        }
    }
}
