import ArgumentParser
import Backup
import Foundation
import ReplicaServer
import Secrets
import Service
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

    func run() async throws {
        let vault = try await options.open()
        var served: [ServedDatabase] = []
        var opened: [VaultDatabase] = []
        for entry in try await vault.entries(only: names) {
            let backup = try await vault.database(entry.name, isWriting: false, now: Date())
            opened.append(backup)
            try backup.expectReadable()
            let replica = moment.at == nil ? backup : try await moment.moment(of: backup)
            // Another epoch or moment is another state, which clients must not take for the one that they know.
            let start = try await replica.instanceStartTime()
            served.append(ServedDatabase(name: entry.name, replica: replica, instanceStartTime: start))
        }
        guard !served.isEmpty else {
            throw VaultError(
                .unknownDatabase, "the vault has no backup yet", at: vault.path, next: "run couchkeep backup")
        }
        let listener = try ReplicaListener(
            served, options: ServerOptions(host: host, port: port, access: try await access(), uuid: vault.uuid))
        let (count, host) = (served.count, host)
        try await Interruption.asking { stop in
            _ = try await stop.cutting {
                try await listener.run { port in
                    Console.error(
                        "Serving \(count) backup\(count == 1 ? "" : "s") on http://\(host):\(port)/; stop with ctrl-c")
                }
            }
        }
        for backup in opened { try await backup.close() }
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
