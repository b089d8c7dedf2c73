import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Supervision
import Vault

/// `couchkeep vault check`
struct VaultCheckCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/vault-check/1"
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that the vault is what was written.",
        discussion: """
            Looks at SQLite's structure, the hash of every row, and whether each moment still adds up. With --read-data \
            every document and attachment is read and its hash computed too, which finds any changed bit; and each \
            document is proved against its own revision id, as CouchDB computes that, which shows that the source had \
            handed out what was once written there. Exit code 15 where something is damaged. A backup that can't be looked \
            at, such as one of a newer version, does not end the check of the others; the exit code is then its own.
            """)

    @Argument(help: "The backup to check; all of them without it.", transform: BackupName.plain) var name: String?
    @OptionGroup var options: VaultOptions
    @Flag(help: "Read every document and attachment.") var readData = false
    @Flag(help: "Print one JSON object, schema couchkeep/vault-check/1.") var json = false

    var subject: String? { name }

    func validate() throws { try BackupName.expectNoURL(name) }

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
            /// Documents by what they say of their own revisions; none where they were not read.
            var proofs: Proofs?
            var problemCount: Int
            var problems: [String]
            /// Why it could not be looked at.
            var unread: String?
        }

        struct Proofs: Encodable {
            var proved: Int
            var bodyProved: Int
            var notProvable: [String: Int]
        }

        /// The catalogue, which is no backup.
        struct Catalogue: Encodable {
            var isSound: Bool
            var problemCount: Int
            var problems: [String]
        }

        var schema = VaultCheckCommand.schema
        var result: String
        var catalogue: Catalogue
        var backups: [Backup]
    }

    func run() async throws {
        let vault = try await options.open()
        let line = ProgressLine()
        defer { line.end() }
        let reports = try await vault.check(only: name, readData: readData) { line.show("\($0): \($1.words)") }
        line.end()
        let backups = reports.filter { !$0.name.isEmpty }
        let isDamaged = reports.contains(where: \.report.isDamaged)
        let unread = reports.lazy.compactMap(\.report.unread).first
        if json {
            try Console.json(
                Result(
                    result: isDamaged ? "damaged" : unread == nil ? "sound" : "unknown",
                    catalogue: Self.catalogue(reports), backups: backups.map { Self.result($0.name, $0.report) }))
        } else {
            for (name, report) in reports where !name.isEmpty || !report.isSound { tell(name, report) }
        }
        if !isDamaged, let unread {
            throw CommandEnd(code: Failure(unread).reportInPassing())
        }
        try CommandEnd.end(isDamaged ? .damaged : .ok)
    }

    private func tell(_ name: String, _ report: CheckReport) {
        let title = name.isEmpty ? "catalogue" : name
        if let error = report.unread {
            Console.out("\(title): NOT CHECKED: \(error)")
        } else if report.isSound {
            let data =
                report.didReadData
                ? ", \(ByteText.text(report.readBytes)) read\(Self.words(report.proofs))"
                : "; data not read (--read-data)"
            Console.out(
                "\(title): sound: "
                    + [
                        Wording.counted(report.moments, "moment"), Wording.counted(report.leaves, "leaf revision"),
                        Wording.documents(report.bodies), Wording.counted(report.attachments, "attachment"),
                    ].joined(separator: ", ") + data)
        } else {
            Console.out("\(title): DAMAGED: \(Wording.counted(report.problemCount, "problem"))")
            for line in report.problemLines { Console.out("  \(line)") }
            Console.out("  \(Self.next(name, report))")
        }
    }

    /// What to do about damage.
    private static func next(_ name: String, _ report: CheckReport) -> String {
        if name.isEmpty { return "couchkeep vault rebuild makes the catalogue anew from the backups" }
        let backup = ShellWord.quoted(name)
        return switch report.remedy {
        case .backup: "the next couchkeep backup puts that right from what is there twice, and nothing is lost"
        case .repair: "couchkeep vault repair \(backup) --from URL brings back what a server still has"
        case .repairAndBackup:
            "put the vault's folder back from a copy; or couchkeep vault repair \(backup) --from URL, then couchkeep backup, and "
                + "the new moment has all that the source has"
        case .pairRepair:
            "put the vault's folder back from a copy; or couchkeep repair \(ShellWord.quoted("vault:" + name)), with the configuration of its pair, then "
                + "couchkeep backup, and the new moment has all that the source has"
        case .tallying:
            "each row by itself is what was written: couchkeep vault repair \(backup) --from URL adds them up anew; an older row that "
                + "is back stays, so put the folder back from a copy where one of before the damage is at hand"
        case .copy: "put the vault's folder back from a copy"
        }
    }

    private static func words(_ proofs: ProofCounts) -> String {
        guard proofs != ProofCounts() else { return "" }
        var text = "; \(Wording.documents(proofs.proved)) proved by their own revisions"
        if proofs.bodyProved > 0 { text += ", \(proofs.bodyProved) but for their attachments" }
        return text + ", \(proofs.unproved) not provable"
    }

    private static func catalogue(_ reports: [(name: String, report: CheckReport)]) -> Result.Catalogue {
        let problems = reports.filter { $0.name.isEmpty }.flatMap(\.report.problems)
        return Result.Catalogue(
            isSound: problems.isEmpty, problemCount: problems.count, problems: problems.map(\.description))
    }

    private static func result(_ name: String, _ report: CheckReport) -> Result.Backup {
        Result.Backup(
            backup: name, isSound: report.isSound, moments: report.moments,
            leaves: report.leaves, bodies: report.bodies, attachments: report.attachments, readBytes: report.readBytes,
            strays: report.strays,
            proofs: report.didReadData
                ? Result.Proofs(
                    proved: report.proofs.proved, bodyProved: report.proofs.bodyProved,
                    notProvable: Dictionary(
                        report.proofs.notProvable.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: +)) : nil,
            problemCount: report.problemCount, problems: report.problems.map(\.description),
            unread: report.unread.map { "\($0)" })
    }
}
