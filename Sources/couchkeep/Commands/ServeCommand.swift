import ArgumentParser
import Backup
import Foundation
import ReplicaServer
import Replication
import Secrets
import Service
import Supervision
import Vault

/// `couchkeep serve`: the vault over CouchDB's replication protocol.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the vault read-only over CouchDB's replication protocol.",
        discussion: """
            Any CouchDB (1.7 to 3.5), PouchDB or curl can read and replicate from it; nothing it is sent changes the vault.

              couchkeep serve                               all backups as they are now, on this machine only
              couchkeep serve --at "2026-11-20 14:00"       as they were
              curl http://127.0.0.1:5985/orders/_all_docs
              curl -X POST http://admin:…@couch:5984/_replicate -H 'Content-Type: application/json' \\
                -d '{"source": "http://127.0.0.1:5985/orders", "target": "orders_restored", "create_target": true}'

            On any other address than the loopback one, a token or a user with a password is demanded.
            A client gets all documents, or those that it names (filter=_doc_ids) or the design documents
            (filter=_design); a replication with a selector or a filter function is refused: replicate without it.
            """)

    @Argument(help: "The backups to serve; all without it.") var names: [String] = []
    @OptionGroup var options: VaultOptions
    @OptionGroup var moment: MomentOptions
    @Option(help: ArgumentHelp("The address to listen on.", valueName: "address")) var host = "127.0.0.1"
    @Option(help: ArgumentHelp("The port to listen on, 0 for any free one.", valueName: "port")) var port = 5985
    @Option(help: ArgumentHelp("A file with a token that clients must send.", valueName: "file")) var tokenFile: String?
    @Option(help: ArgumentHelp("The user that clients must be.", valueName: "user")) var user: String?
    @Option(
        help: ArgumentHelp(
            "A file with that user's password.", discussion: "Without it: $COUCHKEEP_PASSWORD.", valueName: "file"))
    var passwordFile: String?

    func validate() throws {
        try BackupName.expectNoURL(names)
        guard (0...65535).contains(port) else { throw ValidationError("--port takes 0 to 65535, not \(port)") }
        guard tokenFile == nil || user == nil && passwordFile == nil else {
            throw ValidationError("give --token-file, or --user with --password-file, not both")
        }
        guard passwordFile == nil || user != nil else {
            throw ValidationError("--password-file needs --user: name the user that clients must be")
        }
    }

    func run() async throws {
        let vault = try await options.open()
        var opened: [VaultDatabase] = []
        let (served, skipped) = try await served(of: vault, &opened)
        let shown = served.compactMap { $0.replica as? VaultDatabase }
        let listener = try ReplicaListener(
            served, options: ServerOptions(host: host, port: port, access: try await access(), uuid: vault.uuid),
            onFailure: { request, error in Console.error("\(request): not answered whole: \(error)") })
        let count = Wording.counted(served.count, "backup")
        let address = host.contains(":") ? "[\(host)]" : host
        try await Interruption.asking { stop in
            // Beside the serving, which need not wait for it; ended with it.
            async let _ = Self.tellLosses(of: shown)
            _ = try await stop.cutting {
                try await listener.run { port in
                    Console.error("Serving \(count) on http://\(address):\(port)/; stop with ctrl-c")
                }
            }
        }
        for backup in opened { try await backup.close() }
        try CommandEnd.end(skipped.code)
    }

    /// Says once what of the served states is lost: clients only see that it is not there.
    private static func tellLosses(of backups: [VaultDatabase]) async {
        for backup in backups {
            do {
                guard let loss = try await backup.lossOfLeaves() else { continue }
                Console.error("\(backup.name): DAMAGED: \(loss); what is left is served")
            } catch is CancellationError {
                return
            } catch {
                Console.error("\(backup.name): \(error)")
            }
        }
    }

    /// The backups to serve; where none is named, one that can't be used leaves the others their turn.
    private func served(
        of vault: Vault, _ opened: inout [VaultDatabase]
    ) async throws -> ([ServedDatabase], SkippedBackups) {
        var served: [ServedDatabase] = []
        var failed: [(name: String, error: VaultError)] = []
        for entry in try await vault.entries(only: names) {
            do {
                served.append(try await self.served(entry, of: vault, &opened))
            } catch let error as VaultError where names.isEmpty {
                failed.append((entry.name, error))
            }
        }
        guard !served.isEmpty else {
            if let error = failed.first?.error { throw error }
            throw VaultError(
                .unknownDatabase, "the vault has no backup yet", at: vault.path, next: "run couchkeep backup")
        }
        var skipped = SkippedBackups()
        for (name, error) in failed { skipped.note(name, error) }
        return (served, skipped)
    }

    private func served(
        _ entry: Vault.Entry, of vault: Vault, _ opened: inout [VaultDatabase]
    ) async throws -> ServedDatabase {
        let backup = try await vault.database(entry.name, isWriting: false, now: Date())
        opened.append(backup)
        try backup.expectReadable()
        let replica = moment.at == nil ? backup : try await moment.moment(of: backup)
        if let moment = replica.moment {
            Console.error("\(entry.name): moment #\(moment.number) of \(moment.time.formatted(.iso8601))")
        }
        // Another epoch or moment is another state, which clients must not take for the one that they know.
        return ServedDatabase(
            name: entry.name, replica: replica, instanceStartTime: { try await replica.instanceStartTime() },
            onDamage: { refusal in
                let revision = refusal.revision.map { "\($0) of " } ?? ""
                Console.error("\(entry.name): \(revision)“\(refusal.id)” can't be handed out: \(refusal.reason)")
            })
    }

    private func access() async throws -> ServerAccess {
        if let tokenFile {
            return .token(try await SecretSource.file(URL(fileURLWithPath: tokenFile).path).resolve())
        }
        guard let user else { return .open }
        let source: SecretSource =
            passwordFile.map { .file(URL(fileURLWithPath: $0).path) } ?? .environment("COUCHKEEP_PASSWORD")
        return .basic(user: user, password: try await source.resolve())
    }
}
