import Foundation

/// A message in the form of Alertmanager's webhook, version 4, which many receivers understand.
package struct AlertmanagerPayload: Sendable, Hashable, Encodable {
    package struct Alert: Sendable, Hashable, Encodable {
        var status: String
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
        var generatorURL: String
        var fingerprint: String
    }

    var version = "4"
    var groupKey: String
    var truncatedAlerts: Int
    var status: String
    var receiver: String
    var groupLabels: [String: String]
    var commonLabels: [String: String]
    var commonAnnotations: [String: String]
    var externalURL: String
    var alerts: [Alert]

    package init(_ message: Message, receiver: String) {
        let origin = message.origin
        let group = ["job": "couchkeep", "instance": origin.host]
        alerts = message.transitions.map { Alert($0, origin: origin, group: group, isTest: message.kind == .test) }
        groupKey = "{job=\"couchkeep\",instance=\"\(origin.host)\"}"
        truncatedAlerts = message.omitted
        status = message.isFiring ? "firing" : "resolved"
        self.receiver = receiver
        groupLabels = group
        commonLabels = Self.common(alerts.map(\.labels))
        commonAnnotations = Self.common(alerts.map(\.annotations))
        externalURL = origin.externalURL
    }

    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    private static func common(_ sets: [[String: String]]) -> [String: String] {
        guard let first = sets.first else { return [:] }
        return first.filter { name, value in sets.allSatisfy { $0[name] == value } }
    }
}

extension AlertmanagerPayload.Alert {
    /// What Alertmanager writes for the end of an alert that is still firing.
    private static let noEnd = "0001-01-01T00:00:00Z"

    fileprivate init(_ transition: Transition, origin: MessageOrigin, group: [String: String], isTest: Bool) {
        let condition = transition.condition
        status = transition.isFiring ? "firing" : "resolved"
        // Labels tell alerts apart, so they must stay the same over an alert's life; the severity may change.
        labels = group.merging(["alertname": condition.rule, "subject": condition.subject]) { $1 }
        labels["severity"] = transition.severity.rawValue
        if isTest { labels["test"] = "true" }
        annotations = [
            "summary": isTest ? condition.summary : transition.summary, "transition": transition.kind.rawValue,
        ]
        if transition.isFiring || isTest {
            annotations["impact"] = condition.impact
            annotations["next"] = condition.next
        }
        if !transition.folded.isEmpty {
            annotations["affects"] = "\(transition.folded)"
            annotations["affects_count"] = String(transition.folded.count)
        }
        for (name, value) in condition.details where transition.isFiring {
            annotations["detail_\(Self.labelName(name))"] = value
        }
        startsAt = transition.since.iso8601Text
        endsAt = transition.endedAt?.iso8601Text ?? Self.noEnd
        generatorURL = origin.externalURL
        fingerprint = condition.fingerprint
    }

    /// Prometheus takes only ASCII letters, digits and the underscore in names.
    private static func labelName(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
