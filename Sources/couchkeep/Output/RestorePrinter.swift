import Backup
import CouchDB
import Replication
import Service
import Supervision
import Vault

/// Prints plans and ends of restores.
struct RestorePrinter {
    var backup: String
    var isJSON = false

    func print(_ plan: RestorePlan) throws {
        guard !isJSON else { return try Console.json(RestoreResult(backup: backup, plan: plan)) }
        var lines = [
            "\(backup): moment #\(plan.moment.number) of \(plan.moment.time)\(plan.moment.lacking.map { ", incomplete: \($0)" } ?? "")",
            "  to        \(plan.targetURL) (\(words(plan.target)))",
            "  documents \(plan.documents)\(plan.deleted.map { $0 > 0 ? ", \($0) of them deleted" : "" } ?? "")",
        ]
        if let extent = plan.extent {
            let attachments = extent.attachmentBytes
            lines.append(
                "  bytes     \(ByteText.text(extent.documentBytes)) of documents"
                    + (attachments > 0 ? ", \(ByteText.text(attachments)) of attachments" : ""))
            let verb = extent.conflicts == 1 ? "has" : "have"
            lines.append("  conflicts \(extent.conflicts) of the documents \(verb) conflicts")
            if extent.unreadable > 0 {
                lines.append(
                    "  damaged   \(Wording.revisions(extent.unreadable)) can't be read, and would be set aside by name"
                )
            }
        }
        if let loss = plan.loss { lines.append("  DAMAGED   \(loss)") }
        if let differing = plan.differing {
            lines.append("  changes   \(RestorePlan.changes(differing))")
        }
        if let later = plan.later {
            lines.append("  later     \(Wording.documents(later)) there came later or were deleted then")
        }
        if !plan.restoredSettings.isEmpty {
            lines.append("  settings  \(Self.names(plan.restoredSettings)) are not what they were, and are put back")
        }
        if !plan.otherSettings.isEmpty {
            lines.append("  settings  \(Self.leftAlone(plan.otherSettings, plan))")
        }
        if let seconds = plan.estimatedSeconds {
            lines.append("  time      about \(DurationWords.text(max(seconds, 1))), as far as can be told before")
        }
        lines.append("Nothing was changed. Without --dry-run it is done.")
        Console.out(lines.joined(separator: "\n"))
        RefusalText.list(plan.undecided, of: plan.undecided.count, as: "would not be restored", isJSON: isJSON)
    }

    func print(_ report: RestoreReport) throws {
        if isJSON {
            try Console.json(RestoreResult(backup: backup, report: report))
        } else {
            Console.out(text(report))
        }
        let told = Set(report.settingFailures.map(\.id.text) + report.keptSettings)
        let left = report.otherSettings.filter { !told.contains($0) }
        if !left.isEmpty { Console.error("\(report.plan.targetURL): \(Self.leftAlone(left, report.plan))") }
        for name in report.keptSettings {
            Console.error(
                "\(report.plan.targetURL): \(name) is CouchDB's own, which takes another one of accounts only where its "
                    + "configuration says so: [couchdb] users_db_security_editable")
        }
        for failure in report.settingFailures {
            Console.error(
                "\(report.plan.targetURL): \(failure.id.text) was not put back: \(RefusalText.reason(failure)); "
                    + Self.remedy(failure.id.text, report.plan))
        }
        if let lacking = report.plan.moment.lacking {
            Console.error("the moment is not complete: \(lacking)")
        }
        if let loss = report.loss {
            Console.error(
                "DAMAGED: \(loss). What is left was restored. Put the vault back from a copy and restore into a new "
                    + "database, or restore another moment; couchkeep vault check says more")
        }
        if let thinness = report.nodesAway?.thinness {
            Console.error(
                "INCOMPLETE: \(thinness); run couchkeep verify \(verified(report)) when the nodes are back")
        }
        RefusalText.list(report.refusals, of: report.counts.refused, as: "not restored", isJSON: isJSON)
        let others = report.otherDifferences
        for difference in others {
            Console.error("differs: “\(LineText.escaped(difference.id.text))” \(difference.kind.rawValue)")
        }
        let rest = report.comparison.different - report.counts.refused - others.count
        if rest > 0 {
            Console.error(
                "differs: and \(rest) more; couchkeep verify \(verified(report)) names all")
        }
    }

    /// The moment and the target, for `couchkeep verify`.
    private func verified(_ report: RestoreReport) -> String {
        "\(ShellWord.quoted("vault:\(backup)")) \(report.plan.targetURL) --at '#\(report.plan.moment.number)'"
    }

    private static func remedy(_ setting: String, _ plan: RestorePlan) -> String {
        // What it was is in the vault alone.
        guard setting == "_revs_limit" else {
            return "--into-existing --exact puts it back, in a cluster once most of its nodes are there"
        }
        return "PUT \(plan.targetURL)/_revs_limit sets it, in a cluster once all its nodes are there"
    }

    private static func names(_ settings: [String]) -> String { settings.joined(separator: " and ") }

    private static func leftAlone(_ settings: [String], _ plan: RestorePlan) -> String {
        // Whether a database is partitioned can't be changed.
        let changeable = settings.filter { $0.hasPrefix("_") }
        var texts: [String] = []
        if changeable.count < settings.count {
            texts.append("whether it is partitioned is not what it was at the moment")
        }
        if !changeable.isEmpty {
            texts.append(
                "\(names(changeable)): not what it was at the moment, and left as it is; "
                    + (plan.isOfAll ? "--exact puts it back" : "only a restore of everything with --exact puts it back")
            )
        }
        return texts.joined(separator: "; ")
    }

    private func words(_ target: RestorePlan.Target) -> String {
        switch target {
        case .absent: "will be made"
        case .empty: "is empty"
        case .begun: "this restore was begun and will go on"
        case .existing: "has documents"
        }
    }

    private func text(_ report: RestoreReport) -> String {
        var text =
            "\(backup): moment #\(report.plan.moment.number) of \(report.plan.moment.time) is in "
            + "\(report.plan.targetURL): \(Wording.revisions(report.counts.revisionsStored)), "
            + "\(ByteText.text(report.counts.bytesStored))"
        if report.edits > 0 { text += ", \(report.edits) new edits on top" }
        if !report.restoredSettings.isEmpty { text += ", \(Self.names(report.restoredSettings)) put back" }
        text += " in \(DurationWords.text(report.elapsed / .seconds(1)))\n"
        text +=
            report.hasAllDocuments
            ? "Compared: \(Wording.documents(report.comparison.equal)) \(report.comparison.equal == 1 ? "is as it was" : "are as they were")."
            : "NOT EQUAL: \(Wording.differing(report.comparison.different)), "
                + "\(Wording.revisions(report.counts.refused)) refused."
        if report.kept > 0 {
            text +=
                "\n\(report.kept == 1 ? "1 document was deleted at the moment and is kept; --exact removes it" : "\(report.kept) documents were deleted at the moment and are kept; --exact removes them")."
        }
        return text
    }
}
