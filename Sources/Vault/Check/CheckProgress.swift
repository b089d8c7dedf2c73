import GRDB

/// How far a check of a backup is.
package struct CheckProgress: Sendable, Hashable {
    package enum Part: String, Sendable, Hashable {
        case revision, attachment
    }

    package var part: Part
    /// Revisions, or attachments, that were looked at.
    package var done: Int
    /// How many there are.
    package var total: Int
    /// Bytes of all parts so far whose hash was computed.
    package var readBytes: Int
    /// Since this part began.
    package var elapsed: Duration
}

/// Tells how far one part of a check is, at each thousandth revision and each attachment.
struct CheckMeter {
    let part: CheckProgress.Part
    let total: Int
    let report: @Sendable (CheckProgress) -> Void
    private let began = ContinuousClock.now
    private var done = 0

    /// Counts the rows of a table first.
    init(
        _ part: CheckProgress.Part, of table: String, _ database: Database,
        report: @escaping @Sendable (CheckProgress) -> Void
    ) throws {
        (self.part, self.report) = (part, report)
        total = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
    }

    /// Notes that one more was looked at.
    mutating func count(readBytes: Int) {
        done += 1
        // An attachment can take as long as many revisions.
        guard part == .attachment || done.isMultiple(of: 1000) else { return }
        report(
            CheckProgress(
                part: part, done: done, total: total, readBytes: readBytes,
                elapsed: began.duration(to: .now)))
    }
}
