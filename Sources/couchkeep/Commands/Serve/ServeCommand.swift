import ArgumentParser
import Backup
import CouchDB
import Foundation
import ReplicaServer
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
            Any CouchDB (1.2 to 3.5), PouchDB or curl can read and replicate from it; nothing it is sent changes the vault.

              couchkeep serve                               all backups as of their newest moment, on this machine only
              couchkeep serve --at "2026-11-20 14:00"       as they were
              curl http://127.0.0.1:5985/orders/_all_docs
              curl -X POST http://admin:…@couch:5984/_replicate -H 'Content-Type: application/json' \\
                -d '{"source": "http://127.0.0.1:5985/orders", "target": "orders_restored", "create_target": true}'

            Without --at newer moments are served as they come, and without a name backups that are made later too. A moment
            that is not complete is refused without --incomplete.
            On any other address than the loopback one, a token or a user with a password is demanded.
            A web page reads from it in a browser where its origin is allowed (CORS), as by --allow-origin
            https://app.example.org. --allow-origin '*' allows all pages, demands a token or a user as well, and keeps
            browsers from sending a login that they remember: PouchDB's own requests need the origin itself.
            A client gets all documents, or those that it names (filter=_doc_ids) or the design documents
            (filter=_design); a replication with a selector or a filter function is refused: replicate without it.
            """)

    @Argument(help: "The backups to serve; all without it.", transform: BackupName.plain) var names: [String] = []
    @OptionGroup var options: VaultOptions
    @OptionGroup var moment: MomentOptions
    @Flag(help: "Serve a moment too that was not read to its end.") var incomplete = false
    @Option(help: ArgumentHelp("The address to listen on.", valueName: "address")) var host = "127.0.0.1"
    @Option(help: ArgumentHelp("The port to listen on, 0 for any free one.", valueName: "port")) var port = 5985
    @Option(help: ArgumentHelp("A file with a token that clients must send.", valueName: "file")) var tokenFile: String?
    @Option(help: ArgumentHelp("The user that clients must be.", valueName: "user")) var user: String?
    @Option(
        help: ArgumentHelp(
            "A file with that user's password.", discussion: "Without it: $COUCHKEEP_PASSWORD.", valueName: "file"))
    var passwordFile: String?
    @Option(
        help: ArgumentHelp(
            "An origin whose web pages may read in a browser, or '*' for any. May be given several times.",
            valueName: "origin"))
    var allowOrigin: [String] = []

    func validate() throws {
        try BackupName.expectNoURL(names)
        guard (0...65535).contains(port) else { throw ValidationError("--port takes 0 to 65535, not \(port)") }
        guard tokenFile == nil || user == nil && passwordFile == nil else {
            throw ValidationError("give --token-file, or --user with --password-file, not both")
        }
        guard passwordFile == nil || user != nil else {
            throw ValidationError("--password-file needs --user: name the user that clients must be")
        }
        _ = try allowedOrigins()
    }

    func run() async throws {
        let vault = try await options.open()
        let moment = moment
        let choice = ServedBackup.Choice(
            moment: { try await moment.moment(of: $0) }, isFollowing: moment.at == nil, acceptsIncomplete: incomplete)
        let backups = try await ServedBackups(names, of: vault, choice)
        let listener = try ReplicaListener(
            backups.databases,
            options: ServerOptions(
                host: host, port: port, access: try await access(), allowedOrigins: try allowedOrigins(),
                uuid: vault.uuid, connectionLimit: ServedBackups.mostConnections),
            onFailure: { request, error in Console.error("\(request): not answered whole: \(error)") })
        let count = Wording.counted(backups.count, "backup")
        let address = host.contains(":") ? "[\(host)]" : host
        try await Interruption.asking { stop in
            // Beside the serving, which need not wait for it; ended with it.
            async let _ = backups.tellLosses()
            async let _ = backups.follow()
            _ = try await stop.cutting {
                try await listener.run { port in
                    Console.error("Serving \(count) on http://\(address):\(port)/; stop with ctrl-c")
                }
            }
        }
        try await backups.close()
        try CommandEnd.end(backups.code)
    }

    private func allowedOrigins() throws -> AllowedOrigins {
        do {
            return try AllowedOrigins(allowOrigin)
        } catch {
            throw ValidationError("--allow-origin: \(error)")
        }
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
