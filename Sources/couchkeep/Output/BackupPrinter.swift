import Backup
import CouchDB
import Replication
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
        for refusal in report.replication.refusals.prefix(20) {
            Console.error("not backed up: “\(refusal.id)” \(refusal.revision?.description ?? ""): \(refusal.reason)")
        }
    }

    private func text(_ report: BackupReport) -> String {
        let counts = report.replication.counts
        var text = "\(report.name): moment #\(report.moment.number), \(report.moment.documents) documents"
        if report.moment.deleted > 0 { text += " and \(report.moment.deleted) deleted" }
        text +=
            counts.revisionsStored == 0
            ? "; nothing new"
            : "; \(counts.revisionsStored) new revisions, \(ByteText.text(counts.bytesStored))"
        text += " in \(DurationWords.text(report.replication.elapsed / .seconds(1)))"
        if case .newEpoch(let reason) = report.source {
            text += "\nA new epoch begins: \(reason). The older moments stay."
        }
        if report.isIncomplete {
            text += "\nIncomplete: \(counts.refused) revisions could not be copied; the next run tries them again."
        }
        return text
    }
}
