import Foundation
import Testing

@testable import Alerting

@Suite struct AlertmanagerPayloadTests {
    @Test func hasAlertmanagersForm() throws {
        let folded = FoldedConditions(count: 7, names: ["a", "b"])
        let details = ["missing": "1,000", "update seq": "1100-g1AAA"]
        let message = Message(
            id: "m1", at: minutes(30), subject: "s", body: "b",
            transitions: [
                Transition(
                    .new, .sample("orders/x", subject: "orders", details: details), lastSeen: morning, folded: folded),
                Transition(
                    .resolved, .sample("old/x", .warning, subject: "old"), lastSeen: minutes(9), endedAt: minutes(10)),
            ], omitted: 3, origin: .sample)
        let json = try AlertmanagerPayload(message, receiver: "pager").json()
        let expected = """
            {"version": "4", "groupKey": "{job=\\"couchkeep\\",instance=\\"backup1.example.org\\"}",
             "truncatedAlerts": 3, "status": "firing", "receiver": "pager",
             "groupLabels": {"job": "couchkeep", "instance": "backup1.example.org"},
             "commonLabels": {"job": "couchkeep", "instance": "backup1.example.org", "alertname": "target-rolled-back"},
             "commonAnnotations": {},
             "externalURL": "https://status.example.org/",
             "alerts": [
               {"status": "firing",
                "labels": {"job": "couchkeep", "instance": "backup1.example.org", "alertname": "target-rolled-back",
                           "subject": "orders", "severity": "critical"},
                "annotations": {
                  "summary": "target was rolled back, 1,000 documents are missing",
                  "impact": "the backup lacks documents that the source has", "next": "couchkeep check",
                  "transition": "new", "affects": "a, b and 5 more", "affects_count": "7", "detail_missing": "1,000",
                  "detail_update_seq": "1100-g1AAA"},
                "startsAt": "2026-11-24T08:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://status.example.org/", "fingerprint": "orders/x"},
               {"status": "resolved",
                "labels": {"job": "couchkeep", "instance": "backup1.example.org", "alertname": "target-rolled-back",
                           "subject": "old", "severity": "warning"},
                "annotations": {"summary": "no longer target-rolled-back", "transition": "resolved"},
                "startsAt": "2026-11-24T08:00:00Z", "endsAt": "2026-11-24T08:10:00Z",
                "generatorURL": "https://status.example.org/", "fingerprint": "old/x"}]}
            """
        #expect(try normalized(json) == normalized(Data(expected.utf8)))
    }

    @Test func aMessageOfRecoveriesIsResolved() {
        let end = Transition(.resolved, .sample("a"), lastSeen: morning, endedAt: morning)
        let message = Message(at: morning, subject: "s", body: "b", transitions: [end], origin: .sample)
        #expect(AlertmanagerPayload(message, receiver: "r").status == "resolved")
    }

    private func normalized(_ json: Data) throws -> String {
        let object = try JSONSerialization.jsonObject(with: json)
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .prettyPrinted])
        return String(decoding: data, as: UTF8.self)
    }
}
