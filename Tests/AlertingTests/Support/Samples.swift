import Alerting
import Foundation

/// 2026-11-24 08:00:00 UTC.
let morning = Date(timeIntervalSince1970: 1_795_507_200)

func minutes(_ count: Double) -> Date { morning.addingTimeInterval(count * 60) }

extension Condition {
    static func sample(
        _ fingerprint: String, _ severity: Severity = .critical, subject: String? = nil,
        summary: String = "target was rolled back, 1,000 documents are missing", since: Date = morning,
        details: [String: String] = [:], cause: String? = nil
    ) -> Condition {
        Condition(
            fingerprint: fingerprint, subject: subject ?? fingerprint, rule: "target-rolled-back", severity: severity,
            summary: summary, since: since, impact: "the backup lacks documents that the source has",
            next: "couchkeep check", details: details, cause: cause)
    }
}

extension MessageOrigin {
    static let sample = MessageOrigin(host: "backup1.example.org", externalURL: "https://status.example.org/")
}

extension Message {
    static func sample(
        id: String = UUID().uuidString.lowercased(), subject: String? = nil, body: String? = nil, at: Date = morning,
        fingerprint: String = "orders"
    ) -> Message {
        let transition = Transition(.new, .sample(fingerprint), lastSeen: at)
        return Message(
            id: id, at: at, subject: subject ?? "[couchkeep] CRITICAL \(fingerprint): target was rolled back",
            body: body ?? "What happened.\n", transitions: [transition], origin: .sample)
    }
}
