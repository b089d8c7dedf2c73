import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep vault list`
struct VaultListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the backups of the vault, or the moments of one.")

    @Argument(help: "The backup whose moments are listed; all backups without it.") var name: String?
    @OptionGroup var options: VaultOptions
    @Flag(help: "Print one JSON object, schema couchkeep/vault-list/1.") var json = false

    struct Listing: Encodable {
        struct Backup: Encodable {
            var backup: String
            var created: Date
            var bytes: Int
            var moments: [MomentResult]
        }

        var schema = "couchkeep/vault-list/1"
        var vault: String
        var backups: [Backup]
    }

    func run() async throws {
        let vault = try await options.open()
        var listing = Listing(vault: vault.path, backups: [])
        for entry in try await vault.entries(only: name.map { [$0] } ?? []) {
            let listed = try await vault.withDatabase(entry.name, isWriting: false, now: Date()) { backup in
                Listing.Backup(
                    backup: entry.name, created: entry.created, bytes: try await backup.statistics().fileBytes,
                    moments: try await backup.moments().map { MomentResult($0) })
            }
            listing.backups.append(listed)
        }
        if json { return try Console.json(listing) }
        Console.out(name == nil ? overview(listing) : moments(listing))
    }

    private func overview(_ listing: Listing) -> String {
        guard !listing.backups.isEmpty else { return "The vault \(listing.vault) has no backup yet." }
        var rows = [["BACKUP", "NEWEST MOMENT", "MOMENTS", "DOCUMENTS", "DELETED", "SIZE"]]
        for backup in listing.backups {
            let newest = backup.moments.last
            rows.append([
                backup.backup,
                newest.map { $0.at.formatted(.iso8601) + ($0.isComplete ? "" : " incomplete") } ?? "none",
                "\(backup.moments.count)", newest.map { "\($0.documents)" } ?? "", newest.map { "\($0.deleted)" } ?? "",
                ByteText.text(backup.bytes),
            ])
        }
        return TextTable(rows).render()
    }

    private func moments(_ listing: Listing) -> String {
        var rows = [["MOMENT", "TIME", "DOCUMENTS", "DELETED", "LEAVES", "NOTE"]]
        for moment in listing.backups.flatMap(\.moments) {
            var notes: [String] = []
            if !moment.isComplete { notes.append("incomplete, \(moment.setAside) not copied") }
            if moment.verified != nil { notes.append("verified") }
            if moment.epoch > 1 { notes.append("epoch \(moment.epoch)") }
            rows.append([
                "#\(moment.number)", moment.at.formatted(.iso8601), "\(moment.documents)", "\(moment.deleted)",
                "\(moment.leaves)", notes.joined(separator: ", "),
            ])
        }
        return TextTable(rows).render()
    }
}
