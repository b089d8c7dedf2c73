import Backup
import CouchDB
import Replication
import Service
import Supervision
import Vault

/// Prints how a backup has ended.
struct BackupPrinter {
    var isJSON = false
    var isQuiet = false

    func print(_ report: BackupReport) throws {
        if isJSON {
            try Console.json(BackupResult(report))
        } else if !isQuiet || report.isIncomplete {
            Console.out(text(report))
        }
        if let failure = report.markFailure {
            Console.error(
                "couchkeep: \(report.name): the source took no mark, by which the next run knows it again, and the run is "
                    + "complete without it: \(failure)")
        }
        RefusalText.list(
            report.replication.refusals, of: report.replication.counts.refused, as: "not backed up", isJSON: isJSON)
        if let damage = report.damage {
            Console.error(
                "\(report.name): the backup was damaged (\(damage)); \(damage.outcome(moment: report.moment.number))")
        }
    }

    /// The code of one backup: damage outweighs what is incomplete.
    static func code(of report: BackupReport) -> Service.ExitCode {
        report.damage != nil ? .damaged : report.isIncomplete ? .incomplete : .ok
    }

    /// Prints how a pair's backup has ended, and returns its code.
    func print(_ end: VaultPass.End) throws -> Service.ExitCode {
        switch end.result {
        case .success(let report):
            try print(report)
            return Self.code(of: report)
        case .failure(let failure):
            if isJSON {
                try Console.json(
                    FailedResult(
                        schema: BackupCommand.schema, backup: end.pair, code: failure.code ?? "problem",
                        reason: Console.shown(failure.description)))
            }
            Console.error("couchkeep: \(end.pair): \(failure)")
            return failure.exitCode
        }
    }

    /// The code of several backups.
    ///
    /// One kind of failure has its own code, several are a problem; what failed outweighs what is incomplete.
    static func code(of codes: [Service.ExitCode]) -> Service.ExitCode {
        let failures = Set(codes).subtracting([.ok, .incomplete])
        guard let failure = failures.first else { return codes.contains(.incomplete) ? .incomplete : .ok }
        return failures.count == 1 ? failure : .problem
    }

    /// How far a backup is, in words.
    static func words(_ state: Replication.ReplicationProgress, of name: String) -> String {
        "\(name): "
            + ProgressLine.words(
                "read", done: state.counts.documentsRead, total: state.documents,
                bytes: state.counts.bytesStored, elapsed: state.elapsed, wait: state.wait)
    }

    private func text(_ report: BackupReport) -> String {
        let counts = report.replication.counts
        var text =
            "\(report.name): moment #\(report.moment.number), \(Wording.documents(report.moment.documents))"
        if report.moment.deleted > 0 { text += " and \(report.moment.deleted) deleted" }
        text +=
            counts.revisionsStored == 0
            ? "; nothing new"
            : "; \(Wording.counted(counts.revisionsStored, "new revision")), \(ByteText.text(counts.bytesStored))"
        text += " in \(DurationWords.text(report.replication.elapsed / .seconds(1)))"
        if case .newEpoch(let reason) = report.source {
            text += "\nA new epoch begins: \(reason). The older moments stay."
        }
        for setting in report.unread { text += "\n\(Console.shown("\(setting)"))." }
        if report.isIncomplete, counts.refused > 0 || report.nodesAway?.hiding == nil {
            text +=
                "\nIncomplete: \(Wording.revisions(counts.refused)) could not be copied; the next run tries them again."
        }
        if let away = report.nodesAway {
            text +=
                away.hiding.map { "\nIncomplete: \($0). Back up again when they are back." }
                ?? "\n\(away.summary); what was acknowledged is on the others too"
                + (away.missesQuorum ? ", but for what was taken with 202 alone." : ".")
        }
        return text
    }
}
