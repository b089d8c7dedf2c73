import Foundation
import Service
import Supervision

/// Prints reports, as text or as JSON.
protocol ReportPrinter {
    /// Prints a report on standard output.
    func print(_ report: Report) throws
}

/// One JSON object, schema `couchkeep/status/1`.
struct JSONReportPrinter: ReportPrinter {
    func print(_ report: Report) throws {
        Console.out(String(decoding: try JSONEncoder.report.encode(report), as: UTF8.self))
    }
}

/// A screen of text, or one line where all is well and only that is wanted.
struct TextReportPrinter: ReportPrinter {
    /// For cron: one line when all is well and nothing was done.
    var isQuiet = false
    /// List healthy pairs without a limit.
    var showsAll = false

    func print(_ report: Report) {
        let text = ReportText(
            report, now: Date(), style: .of(STDOUT_FILENO, environment: ProcessInfo.processInfo.environment),
            shown: showsAll ? .max : 20)
        Console.out(isQuiet && report.isUneventful ? text.line() : text.render())
    }
}
