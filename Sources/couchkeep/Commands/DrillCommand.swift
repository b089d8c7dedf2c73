import ArgumentParser
import Backup
import CouchDB
import Foundation
import Replication
import Service
import Supervision
import Vault

/// `couchkeep drill`: a rehearsed restore.
struct DrillCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/drill/1"
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Rehearse a restore: into a scratch database or memory, compare everything, measure, remove it.",
        discussion: """
            Restores a moment of the vault, or copies a backup database of a server, compares the content of every leaf \
            revision with the backup, and removes the scratch again, also where the drill failed. What came of it, and how \
            long a restore takes, is kept for couchkeep status.

              couchkeep drill orders                where drill: of the configuration says
              couchkeep drill orders --server standby
              couchkeep drill vault:orders --at "2026-11-20 14:00" --server http://couch:5984 --user admin
              couchkeep drill orders --in-memory

            Scratch databases are called \(ScratchName.prefix)…; those of drills that were killed are named by the next one, \
            and removed with --remove-leftovers.

            Exit code 0 where it is equal, 3 where it is but something was never copied into the backup, 10 where it differs, \
            14 where the server can't be reached, 15 where the vault is damaged, 16 where it is too large for memory, 20 \
            where the drill came to no end.
            """)

    @Argument(help: ArgumentHelp("A pair of the configuration, or vault:NAME.", valueName: "pair")) var backup: String
    @OptionGroup var moment: MomentOptions
    @Flag(help: "Restore into memory: for small backups; it shows that all can be read, and measures no server.")
    var inMemory = false
    @Option(
        help: ArgumentHelp(
            "Restore into a scratch database of this server: a name of the configuration, or a URL.",
            discussion: "Without it, and without --in-memory: where drill: of the configuration says.",
            valueName: "server"))
    var server: String?
    @Flag(help: "Remove what drills that were killed have left on the server. None may be under way there.")
    var removeLeftovers = false
    @OptionGroup var login: LoginOptions
    @OptionGroup var vault: VaultOptions
    @Flag(help: "Print one JSON object, schema couchkeep/drill/1.") var json = false

    var subject: String? { backup }

    func validate() throws {
        try BackupName.expectNoURL(backup)
        if inMemory, server != nil { throw ValidationError("give one of --server and --in-memory") }
        if removeLeftovers, inMemory { throw ValidationError("--remove-leftovers is for --server") }
        try login.expectNone(for: server ?? "memory")
    }

    func run() async throws {
        guard vault.hasConfiguration else {
            if let server, !server.contains("://") {
                throw ValidationError("--server \(server) is a name of a configuration, and there is none")
            }
            guard inMemory || server != nil else { throw Self.placeMissing }
            let name = BackupName.plain(backup)
            var place = VaultConfiguration()
            place.path = try vault.path()
            place.key = vault.key.source
            return try await rehearse([.vault(name)], in: place, on: nil, keep: { _ in })
        }
        let loaded = try vault.configuration()
        var name = server.flatMap { $0.contains("://") ? nil : $0 }
        if !inMemory, server == nil {
            guard let usual = loaded.configuration.drill else { throw Self.placeMissing }
            name = usual.server
            if removeLeftovers, name == nil {
                throw ValidationError(
                    "--remove-leftovers is for --server; drill: of the configuration restores into memory")
            }
        }
        let fleet = try await Fleet(loaded, further: Set([name].compactMap(\.self)))
        try await fleet.closing { try await rehearse(loaded, fleet, on: name) }
    }

    private static let placeMissing = ValidationError(
        "say where to: --server NAME, --server URL, or --in-memory; what the configuration has under drill: is the usual "
            + "place")

    /// - Parameter name: of a server of the configuration; nil for a URL, and for memory.
    private func rehearse(_ loaded: LoadedConfiguration, _ fleet: Fleet, on name: String?) async throws {
        var named: ServerConnection?
        if let name {
            guard let found = fleet.servers.first(where: { $0.name == name }) else {
                throw ValidationError(
                    "the configuration has no server \(name); it has "
                        + loaded.configuration.servers.map(\.name).sorted().joined(separator: ", "))
            }
            if let error = found.secretError { throw error }
            named = found.connection
        }
        let state = try StateFolder(loaded).open()
        var backups: [VerifiablePair.Backup] = []
        if let name = VaultPair.backup(of: backup) {
            backups = [.vault(name)]
        } else {
            let directory = try await PairDirectory(loaded.configuration, fleet: fleet, state: state)
            for pair in try directory.pairs(named: backup) {
                if !pair.isInVault, let error = pair.secretError { throw error }
                backups.append(pair.backup)
            }
        }
        let isEvidence = try vault.namesConfiguredVault()
        try await rehearse(backups, in: loaded.configuration.pairsVault, on: named) {
            // A backup in another vault says nothing about the pair of its name.
            if isEvidence || VaultPair.backup(of: $0.backup) == nil { try await StoredDrills(state).store($0) }
        }
    }

    private func rehearse(
        _ backups: [VerifiablePair.Backup], in vault: VaultConfiguration, on named: ServerConnection?,
        keep: (DrillReport) async throws -> Void
    ) async throws {
        guard let server, named == nil else {
            return try await rehearse(backups, in: vault, place: named.map { .server($0) } ?? .memory, keep: keep)
        }
        let connection = try await login.server(server)
        try await connection.closing {
            try await rehearse(backups, in: vault, place: .server(connection), keep: keep)
        }
    }

    private func rehearse(
        _ backups: [VerifiablePair.Backup], in vault: VaultConfiguration, place: DrillRun.Place,
        keep: (DrillReport) async throws -> Void
    ) async throws {
        if case .server(let connection) = place { try await lookForLeftovers(on: connection) }
        var desk = DrillDesk(vault)
        let line = ProgressLine()
        desk.onProgress = { state in
            line.show(
                ProgressLine.words(
                    "restored", done: state.counts.documentsRead,
                    total: state.pending.map { $0 + state.counts.documentsRead }, bytes: state.counts.bytesStored,
                    elapsed: state.elapsed, wait: state.wait), isWaiting: state.wait != nil)
        }
        desk.onScratch = { url in
            line.end()
            Console.error("scratch: \(url)")
        }
        defer { line.end() }
        var code = Service.ExitCode.ok
        for backup in backups where code != .unknown {
            let report = try await Interruption.asking { stop in
                try await desk.rehearse(backup, DrillDesk.Order(place: place, stop: stop, moment: moment.moment))
            }
            line.end()
            try await keep(report)
            if json { try DrillPrinter.json(report) } else { DrillPrinter.text(report) }
            let own = Service.ExitCode(report)
            if own != .ok { code = own }
        }
        try CommandEnd.end(code)
    }

    private func lookForLeftovers(on connection: ServerConnection) async throws {
        let all = try await DrillDesk.leftovers(on: connection)
        guard !all.isEmpty else { return }
        // Listed before: what a check begins meanwhile is not among them.
        let underWay = try await vault.hasConfiguration ? DrillDesk.underWay(vault.load()) : []
        let leftovers = all.filter { !underWay.contains($0) }
        guard !leftovers.isEmpty else { return }
        let list = leftovers.joined(separator: ", ")
        guard removeLeftovers else {
            Console.error("left by drills that were killed, or are under way: \(list); --remove-leftovers removes them")
            return
        }
        try await DrillDesk.remove(leftovers, from: connection)
        Console.error("removed what drills had left: \(list)")
    }
}
