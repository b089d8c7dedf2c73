import Foundation

/// A named fact that is true at the moment and that people may have to be told.
///
/// Alerting knows nothing of what it is about: whoever finds conditions gives them a name that stays the same from pass
/// to pass, and the words for people.
package struct Condition: Sendable, Hashable, Codable {
    /// What makes this the same condition in the next pass, such as `orders/target-rolled-back`.
    package var fingerprint: String
    /// What it is about, such as `orders` or `production`.
    package var subject: String
    /// The code of the rule that found it, such as `target-rolled-back`.
    package var rule: String
    package var severity: Severity
    /// One sentence without a final stop: `target was rolled back, 1,000 documents are missing`.
    package var summary: String
    package var since: Date
    /// What it means for the backup.
    package var impact: String
    /// The next command, or step, for the person who reads this.
    package var next: String
    /// The evidence, as names and values.
    package var details: [String: String]
    /// The fingerprint of the condition that explains this one: one server that is down explains all of its pairs.
    package var cause: String?
    /// When it came to be as it is, for what can happen once more while it is still told: then it is told anew.
    package var occurrence: Date?

    package init(
        fingerprint: String, subject: String, rule: String, severity: Severity, summary: String, since: Date,
        impact: String, next: String, details: [String: String] = [:], cause: String? = nil,
        occurrence: Date? = nil
    ) {
        self.fingerprint = fingerprint
        self.subject = subject
        self.rule = rule
        self.severity = severity
        self.summary = summary
        self.since = since
        self.impact = impact
        self.next = next
        self.details = details
        self.cause = cause
        self.occurrence = occurrence
    }
}
