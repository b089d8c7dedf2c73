import Backup
import Foundation
import Replication
import Service
import Supervision
import Vault

/// The backups of all pairs of the configuration whose target is the vault.
struct ConfiguredBackups {
    var options: VaultOptions
    var printer: BackupPrinter
    var isQuiet: Bool

    /// Backs up one pair after another; one that fails leaves the others their turn.
    ///
    /// - Returns: The code of what went wrong; `problem` where that is of several kinds.
    func run() async throws -> Service.ExitCode {
        let loaded = try options.configuration(showsWarnings: false)
        let fleet = try await Fleet(loaded)
        let last = try await lastReport(loaded)
        return try await fleet.closing { try await run(loaded.configuration, fleet, last) }
    }

    /// The last report; nil where it can't be read, since a backup does not need it: the vault knows most names.
    private func lastReport(_ loaded: LoadedConfiguration) async throws -> Report? {
        do {
            return try await StateFolder(loaded).openForReading().lastReport()
        } catch is StateError {
            return nil
        }
    }

    private func run(_ configuration: Configuration, _ fleet: Fleet, _ last: Report?) async throws -> Service.ExitCode {
        var pass = VaultPass(configuration, servers: fleet.servers)
        guard pass.isNeeded else {
            Console.error("couchkeep: the configuration has no pair whose target is the vault; name a database's URL")
            return .usage
        }
        let line = ProgressLine(isSilent: isQuiet)
        pass.onProgress = { name, state in
            line.show(BackupPrinter.words(state, of: name), isWaiting: state.wait != nil)
        }
        pass.onGone = { name in
            line.end()
            Console.error("couchkeep: \(name): its source is gone; its backup stays as it is")
        }
        defer { line.end() }
        var codes: [Service.ExitCode] = []
        try await pass.backUpAll(last: last) { end in
            line.end()
            codes.append(try printer.print(end))
        }
        guard !codes.isEmpty else {
            Console.error("couchkeep: no database fits the pairs whose target is the vault, or all are switched off")
            return .usage
        }
        return BackupPrinter.code(of: codes)
    }
}
