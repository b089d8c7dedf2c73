import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep vault …`: look at the vault, check it, prune it.
struct VaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vault",
        abstract: "List, compare, check and prune what is in the vault.",
        subcommands: [
            VaultListCommand.self, VaultDiffCommand.self, VaultCheckCommand.self, VaultPruneCommand.self,
            VaultStatsCommand.self,
        ])
}

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
        for entry in try await vault.entries() where name.map({ $0 == entry.name }) ?? true {
            let backup = try await vault.database(entry.name, isWriting: false, now: Date())
            listing.backups.append(
                Listing.Backup(
                    backup: entry.name, created: entry.created, bytes: try await backup.statistics().fileBytes,
                    moments: try await backup.moments().map { MomentResult($0) }))
            try await backup.close()
        }
        if let name, listing.backups.isEmpty {
            throw VaultError(.unknownDatabase, "the vault has no backup of “\(name)”", at: vault.path)
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

/// `couchkeep vault diff`
struct VaultDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Name the documents that differ between two moments of a backup.",
        discussion: "  couchkeep vault diff orders '#3' '#7'\n  couchkeep vault diff orders 24h now")

    @Argument(help: "The backup.") var name: String
    @Argument(help: "The earlier moment: a time or a number such as #3.") var from: String
    @Argument(help: "The later moment.") var to: String
    @OptionGroup var options: VaultOptions
    @Flag(help: "Print one JSON object a line, schema couchkeep/vault-diff/1.") var json = false

    struct Line: Encodable {
        var schema = "couchkeep/vault-diff/1"
        var id: String
        var kind: String
        var before: [String]
        var after: [String]
    }

    func run() async throws {
        try await options.withBackup(name) { backup in
            let (first, second) = (
                try await moment(from, of: backup), try await moment(to, of: backup)
            )
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var count = 0
            try await backup.differences(from: first, to: second) { difference in
                count += 1
                guard !json else {
                    let line = Line(
                        id: difference.id.text, kind: difference.kind.rawValue,
                        before: difference.before.map(\.description), after: difference.after.map(\.description))
                    return Console.out(String(decoding: try encoder.encode(line), as: UTF8.self))
                }
                Console.out("\(difference.kind.rawValue)\t\(difference.id)")
            }
            Console.error("\(count) documents differ between moment #\(first.number) and moment #\(second.number)")
        }
    }

    private func moment(_ text: String, of backup: VaultDatabase) async throws -> Moment {
        let at = try await MomentOptions.moment(text, of: backup)
        guard let moment = at.moment else { preconditionFailure("a backup as of a moment has one") }
        return moment
    }
}

/// `couchkeep vault check`
struct VaultCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that the vault is what was written.",
        discussion: """
            Looks at SQLite's structure, the hash of every row, and whether each moment still adds up. With --read-data \
            every document and attachment is read and its hash computed too, which finds any changed bit. Exit code 15 \
            where something is damaged.
            """)

    @Argument(help: "The backup to check; all of them without it.") var name: String?
    @OptionGroup var options: VaultOptions
    @Flag(help: "Read every document and attachment.") var readData = false
    @Flag(help: "Print one JSON object, schema couchkeep/vault-check/1.") var json = false

    struct Result: Encodable {
        struct Backup: Encodable {
            var backup: String
            var isSound: Bool
            var moments: Int
            var leaves: Int
            var bodies: Int
            var attachments: Int
            var readBytes: Int
            var strays: Int
            var problemCount: Int
            var problems: [String]
        }

        var schema = "couchkeep/vault-check/1"
        var result: String
        var backups: [Backup]
    }

    func run() async throws {
        let vault = try await options.open()
        let reports = try await vault.check(only: name, readData: readData)
        if let name, reports.allSatisfy({ $0.name != name && $0.report.isSound }) {
            throw VaultError(.unknownDatabase, "the vault has no backup of “\(name)”", at: vault.path)
        }
        let isSound = reports.allSatisfy(\.report.isSound)
        if json {
            try Console.json(
                Result(result: isSound ? "sound" : "damaged", backups: reports.map { Self.result($0.name, $0.report) }))
        } else {
            for (name, report) in reports where !name.isEmpty || !report.isSound { tell(name, report) }
        }
        try CommandEnd.end(isSound ? .ok : .damaged)
    }

    private func tell(_ name: String, _ report: CheckReport) {
        let title = name.isEmpty ? "catalogue" : name
        if report.isSound {
            let data =
                report.didReadData ? ", \(ByteText.text(report.readBytes)) read" : "; data not read (--read-data)"
            Console.out(
                "\(title): sound: \(report.moments) moments, \(report.leaves) leaf revisions, \(report.bodies) documents, "
                    + "\(report.attachments) attachments\(data)")
        } else {
            Console.out("\(title): DAMAGED: \(report.problemCount) problems")
            for problem in report.problems.prefix(20) { Console.out("  \(problem)") }
            if report.problemCount > 20 { Console.out("  and \(report.problemCount - 20) more; --json lists them") }
        }
    }

    private static func result(_ name: String, _ report: CheckReport) -> Result.Backup {
        Result.Backup(
            backup: name.isEmpty ? "catalogue" : name, isSound: report.isSound, moments: report.moments,
            leaves: report.leaves, bodies: report.bodies, attachments: report.attachments, readBytes: report.readBytes,
            strays: report.strays, problemCount: report.problemCount, problems: report.problems.map(\.description))
    }
}

/// `couchkeep vault stats`
struct VaultStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what a backup takes on disk, and what it holds.")

    @Argument(help: "The backup.") var name: String
    @OptionGroup var options: VaultOptions
    @Flag(help: "Print one JSON object, schema couchkeep/vault-stats/1.") var json = false

    struct Result: Encodable {
        var schema = "couchkeep/vault-stats/1"
        var backup: String
        var moments: Int
        var epochs: Int
        var leaves: Int
        var documents: Int
        var documentBytes: Int
        var storedDocumentBytes: Int
        var attachments: Int
        var attachmentBytes: Int
        var fileBytes: Int
    }

    func run() async throws {
        let statistics = try await options.withBackup(name) { try await $0.statistics() }
        guard !json else {
            return try Console.json(
                Result(
                    backup: name, moments: statistics.moments, epochs: statistics.epochs, leaves: statistics.leaves,
                    documents: statistics.bodies, documentBytes: statistics.documentBytes,
                    storedDocumentBytes: statistics.storedDocumentBytes, attachments: statistics.attachments,
                    attachmentBytes: statistics.attachmentBytes, fileBytes: statistics.fileBytes))
        }
        let ratio = Double(statistics.storedDocumentBytes) / Double(max(1, statistics.documentBytes))
        Console.out(
            """
            \(name)
              moments      \(statistics.moments) in \(statistics.epochs) epoch\(statistics.epochs == 1 ? "" : "s")
              revisions    \(statistics.leaves), with \(statistics.bodies) different documents
              documents    \(ByteText.text(statistics.documentBytes)), stored in \
            \(ByteText.text(statistics.storedDocumentBytes)) (\(Int((ratio * 100).rounded())) %)
              attachments  \(statistics.attachments), \(ByteText.text(statistics.attachmentBytes))
              on disk      \(ByteText.text(statistics.fileBytes))
            """)
    }
}
