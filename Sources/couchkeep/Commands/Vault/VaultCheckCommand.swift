import ArgumentParser
import CouchDB
import Foundation
import Replication
import Service
import Vault

/// `couchkeep vault check`
struct VaultCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that the vault is what was written.",
        discussion: """
            Looks at SQLite's structure, the hash of every row, and whether each moment still adds up. With --read-data \
            every document and attachment is read and its hash computed too, which finds any changed bit; and each \
            document is proved against its own revision id, as CouchDB computes that, which shows that the source had \
            handed out what was once written there. Exit code 15 where something is damaged. A backup that can't be looked \
            at, such as one of a newer version, does not end the check of the others; the exit code is then its own.
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

        var schema = "couchkeep/vault-check/1"
        var result: String
        var backups: [Backup]
    }

    func run() async throws {
        let vault = try await options.open()
        let reports = try await vault.check(only: name, readData: readData)
        let isDamaged = reports.contains(where: \.report.isDamaged)
        let unread = reports.lazy.compactMap(\.report.unread).first
        if json {
            try Console.json(
                Result(
                    result: isDamaged ? "damaged" : unread == nil ? "sound" : "unknown",
                    backups: reports.map { Self.result($0.name, $0.report) }))
        } else {
            for (name, report) in reports where !name.isEmpty || !report.isSound { tell(name, report) }
        }
        if !isDamaged, let unread { throw unread }
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
                "\(title): sound: \(report.moments) moments, \(report.leaves) leaf revisions, \(report.bodies) documents, "
                    + "\(report.attachments) attachments\(data)")
        } else {
            Console.out("\(title): DAMAGED: \(report.problemCount) problems")
            for problem in report.problems.prefix(20) { Console.out("  \(problem)") }
            if report.problemCount > 20 { Console.out("  and \(report.problemCount - 20) more; --json lists them") }
        }
    }

    private static func words(_ proofs: ProofCounts) -> String {
        guard proofs != ProofCounts() else { return "" }
        var text = "; \(proofs.proved) documents proved by their own revisions"
        if proofs.bodyProved > 0 { text += ", \(proofs.bodyProved) but for their attachments" }
        return text + ", \(proofs.unproved) not provable"
    }

    private static func result(_ name: String, _ report: CheckReport) -> Result.Backup {
        Result.Backup(
            backup: name.isEmpty ? "catalogue" : name, isSound: report.isSound, moments: report.moments,
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
