import ArgumentParser
import Backup
import CouchDB
import Replication
import Service
import Supervision
import Vault

/// `couchkeep vault repair`
struct VaultRepairCommand: AsyncParsableCommand, JSONCommand {
    static let schema = "couchkeep/vault-repair/1"
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Bring back what a damaged backup has lost, from a server that still has it.",
        discussion: """
            Every document and attachment of the backup is read, as vault check --read-data does. What is not as it was \
            stored is asked for from the database: the one that was backed up, or any copy of it, such as the standby. \
            Only what is to the last bit what was stored is taken, which the vault's own digests prove; the past is not \
            changed by it.

              couchkeep vault repair orders --from http://backup@couch:5984/orders

            A revision whose own row is damaged or gone is set aside: couchkeep backup then reads the source from its \
            beginning, and the new moment has all that is there.

            What a server has written over since can't be had from it: of older moments only what is still current comes \
            back. An encrypted backup, and a file whose structure is broken, are put back from a copy of the vault's \
            folder. Exit code 0 where the backup is sound afterwards, 15 where not. Where a sum of rows was wrong and each row by \
            itself is sound, the sum was damaged or an older row is back: that is told, once with 15, and the rows are added up \
            anew, also in an encrypted backup.
            """)

    @Argument(help: "The backup.", transform: BackupName.plain) var name: String
    @Option(
        help: ArgumentHelp(
            "The database that still has it: a URL, or SERVER/DATABASE of the configuration.", valueName: "database"))
    var from: String
    @OptionGroup var login: LoginOptions
    @OptionGroup var options: VaultOptions
    @Flag(help: "Print one JSON object, schema couchkeep/vault-repair/1.") var json = false

    var subject: String? { name }

    func validate() throws {
        try BackupName.expectNoURL(name)
        try login.expectNone(for: from)
    }

    private struct Result: Encodable {
        struct Left: Encodable {
            var id: String
            var revision: String
            var part: String
            var reason: String
        }

        var schema = VaultRepairCommand.schema
        var backup: String
        /// `sound`, `repaired` or `damaged`: what the backup is now.
        var result: String
        /// Revisions whose document or attachment was not what was stored.
        var damaged: Int
        var repaired: Int
        var left: [Left]
        /// What the next backup stores anew; nil where nothing.
        var setAside: String?
        /// Sums that were wrong and are added up anew, in words; nil where none.
        var settled: [String]?
        /// What a check of everything found afterwards.
        var problemCount: Int
        var problems: [String]
    }

    func run() async throws {
        let database = try await login.database(from, options)
        let line = ProgressLine()
        defer { line.end() }
        let show: @Sendable (CheckProgress) -> Void = { [name] in line.show("\(name): \($0.words)") }
        let (report, check) = try await database.server.closing {
            try await options.withBackup(name, isWriting: true) { backup in
                var run = VaultRepairRun(of: backup, from: CouchReplica(database))
                run.onProgress = show
                return (try await run.run(), try await backup.check(readData: true, onProgress: show))
            }
        }
        line.end()
        if json {
            try Console.json(result(report, check))
        } else {
            tell(report, check)
        }
        // What is settled no check tells again.
        try CommandEnd.end(check.isSound && report.settled.isEmpty ? .ok : .damaged)
    }

    private func result(_ report: VaultRepairReport, _ check: CheckReport) -> Result {
        Result(
            backup: name,
            result: !check.isSound ? "damaged" : report.damaged.isEmpty && !report.hasSettled ? "sound" : "repaired",
            damaged: report.damaged.count, repaired: report.mended,
            left: report.left.map {
                .init(
                    id: $0.revision.id.text, revision: $0.revision.revision.description,
                    part: $0.revision.part.rawValue, reason: $0.reason)
            }, setAside: report.setAside?.description, settled: report.settled.isEmpty ? nil : report.settled,
            problemCount: check.problemCount, problems: check.problems.map(\.description))
    }

    private static let shown = 20

    private func tell(_ report: VaultRepairReport, _ check: CheckReport) {
        for problem in report.settled {
            Console.error("\(name): \(problem); added up anew, and vault check tells of it no more")
        }
        if let copies = report.copies {
            Console.error("\(name): \(copies): put right")
        }
        for (revision, reason) in report.left.prefix(Self.shown) {
            Console.error("left: “\(revision.id)” \(revision.revision), its \(revision.part.rawValue): \(reason)")
        }
        if report.left.count > Self.shown {
            Console.error("left: and \(report.left.count - Self.shown) more; --json names them all")
        }
        let found = Wording.counted(report.damaged.count, "damaged revision")
        let done =
            report.damaged.isEmpty
            ? report.setAside == nil && !report.hasSettled
                ? "nothing to repair" : "all content is sound"
            : "\(report.mended) of \(found) repaired"
        if check.isSound {
            Console.out("\(name): \(done); sound, everything was read")
        } else {
            Console.out("\(name): \(done); STILL DAMAGED: \(Wording.counted(check.problemCount, "problem"))")
            for line in check.problemLines { Console.out("  \(line)") }
            if let aside = report.setAside {
                Console.out(
                    "  set aside: \(aside); couchkeep backup reads the source from its beginning, and the new moment has "
                        + "all that it has; older moments lack it, until they are pruned")
            }
            Console.out("  put the vault's folder back from a copy, or try another server that may still have it")
        }
    }
}
