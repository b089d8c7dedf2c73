import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep vault list`
struct VaultListCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/vault-list/1"
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the backups of the vault, or the moments of one.")

    @Argument(help: "The backup whose moments are listed; all backups without it.", transform: BackupName.plain)
    var name: String?
    @OptionGroup var options: VaultOptions
    @Flag(help: "Print one JSON object, schema couchkeep/vault-list/1.") var json = false

    var subject: String? { name }

    func validate() throws { try BackupName.expectNoURL(name) }

    struct Listing: Encodable {
        struct Backup: Encodable {
            var backup: String
            var created: Date
            var bytes: Int?
            var moments: [MomentResult]
            /// The numbers of moments whose row is damaged; nil where none is.
            var damagedMoments: [Int]?
            /// Why it can't be read.
            var error: String?
        }

        var schema = VaultListCommand.schema
        var vault: String
        var backups: [Backup]
    }

    func run() async throws {
        let vault = try await options.open(needsKey: false)
        var listing = Listing(vault: vault.path, backups: [])
        var skipped = SkippedBackups()
        for entry in try await vault.entries(only: name.map { [$0] } ?? []) {
            do {
                listing.backups.append(try await listed(entry, in: vault))
            } catch let error as VaultError where name == nil {
                skipped.note(entry.name, error)
                listing.backups.append(
                    Listing.Backup(backup: entry.name, created: entry.created, moments: [], error: "\(error)"))
            }
        }
        if json { try Console.json(listing) } else { Console.out(name == nil ? overview(listing) : moments(listing)) }
        let isDamaged = listing.backups.contains { $0.damagedMoments != nil }
        try CommandEnd.end(isDamaged ? .damaged : skipped.code)
    }

    private func listed(_ entry: Vault.Entry, in vault: Vault) async throws -> Listing.Backup {
        try await vault.withDatabase(entry.name, isWriting: false, now: Date()) { backup in
            let (moments, damaged) = try await backup.allMoments()
            return Listing.Backup(
                backup: entry.name, created: entry.created, bytes: try await backup.fileBytes(),
                moments: moments.map { MomentResult($0) },
                damagedMoments: damaged.isEmpty ? nil : damaged)
        }
    }

    private func overview(_ listing: Listing) -> String {
        guard !listing.backups.isEmpty else { return "The vault \(listing.vault) has no backup yet." }
        var rows = [["BACKUP", "NEWEST MOMENT", "MOMENTS", "DOCUMENTS", "DELETED", "SIZE"]]
        for backup in listing.backups {
            let newest = backup.moments.last
            rows.append([
                backup.backup,
                backup.error != nil
                    ? "can't be read"
                    : newest.map { $0.at.formatted(.iso8601) + ($0.isComplete ? "" : " incomplete") } ?? "none",
                backup.error != nil
                    ? ""
                    : "\(backup.moments.count)"
                        + (backup.damagedMoments.map { ", \($0.count) damaged" } ?? ""),
                newest.map { "\($0.documents)" } ?? "",
                newest.map { "\($0.deleted)" } ?? "",
                backup.bytes.map { ByteText.text($0) } ?? "",
            ])
        }
        return TextTable(rows).render()
    }

    private func moments(_ listing: Listing) -> String {
        var rows = [["MOMENT", "TIME", "DOCUMENTS", "DELETED", "LEAVES", "NOTE"]]
        for moment in listing.backups.flatMap(\.moments) {
            var notes: [String] = []
            if !moment.isComplete {
                notes.append("incomplete: \(Moment.lacking(setAside: moment.setAside))")
            }
            if moment.verified != nil { notes.append("verified") }
            if moment.epoch > 1 { notes.append("epoch \(moment.epoch)") }
            rows.append([
                "#\(moment.number)", moment.at.formatted(.iso8601), "\(moment.documents)", "\(moment.deleted)",
                "\(moment.leaves)", notes.joined(separator: ", "),
            ])
        }
        for number in listing.backups.flatMap({ $0.damagedMoments ?? [] }) {
            rows.append(["#\(number)", "damaged", "", "", "", "can't be read"])
        }
        return TextTable(rows).render()
    }
}
