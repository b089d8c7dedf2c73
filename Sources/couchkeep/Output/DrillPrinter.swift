import Backup
import CouchDB
import Foundation
import Supervision

/// Prints what came of a drill.
struct DrillPrinter {
    /// The JSON form.
    private struct Result: Encodable {
        var schema = DrillCommand.schema
        var backup: String
        var result: DrillReport.Verdict
        var reason: String?
        var at: Date
        var moment: Int?
        var asOf: Date
        var place: String
        var documents: Int
        var revisions: Int
        var bytes: Int
        var restoreSeconds: Double
        var compareSeconds: Double
        var differing: Int
        var problems: [DrillReport.Problem]
        var setAside: Int?
        var leftover: String?
        var unmarked: String?
    }

    static func json(_ report: DrillReport) throws {
        try Console.json(
            Result(
                backup: report.backup, result: report.verdict, reason: report.reason, at: report.at,
                moment: report.moment, asOf: report.asOf, place: report.place, documents: report.documents,
                revisions: report.revisions, bytes: report.bytes, restoreSeconds: report.restoreSeconds,
                compareSeconds: report.compareSeconds, differing: report.differing, problems: report.problems,
                setAside: report.setAside, leftover: report.leftover, unmarked: report.unmarked))
    }

    private static func problems(_ report: DrillReport) -> String {
        report.problems.map { "\n  “\($0.id)”: \($0.reason)" }.joined()
    }

    static func text(_ report: DrillReport) {
        let source = report.moment.map { "moment #\($0) of \(report.asOf.formatted(.iso8601))" } ?? "the database"
        var text = "\(report.backup): \(source)"
        // What was stopped before it had restored anything says nothing of that.
        if report.restoreSeconds > 0 {
            text +=
                " restored into \(report.place) in \(DurationWords.text(report.restoreSeconds)): "
                + "\(Wording.documents(report.documents)), \(ByteText.text(report.bytes))"
        }
        text += "\n"
        switch report.verdict {
        case .equal:
            text +=
                "Equal: the content of \(Wording.counted(report.revisions, "leaf revision")) was compared in "
                + "\(DurationWords.text(report.compareSeconds))."
            text += problems(report)
        case .incomplete:
            text +=
                "Incomplete: \(report.lacking ?? "the backup is not complete"). The rest is equal: the content of "
                + "\(Wording.counted(report.revisions, "leaf revision")) was compared in \(DurationWords.text(report.compareSeconds))."
            text += problems(report)
        case .different:
            text +=
                report.reason.map { "Damaged: \($0)" }
                ?? "Different: \(Wording.differing(report.differing)) from what was backed up."
            text += problems(report)
            if report.differing > report.problems.count, !report.problems.isEmpty {
                text += "\n  … and \(report.differing - report.problems.count) more"
            }
            if let lacking = report.lacking { text += "\n  and \(lacking)" }
        case .unknown: text += "Unknown: \(report.reason ?? "it came to no end")."
        }
        Console.out(text)
        if let unmarked = report.unmarked { Console.error("couchkeep: \(report.backup): \(unmarked)") }
        if let leftover = report.leftover {
            Console.error("\(leftover); the next drill there removes it with --remove-leftovers")
        }
    }
}
