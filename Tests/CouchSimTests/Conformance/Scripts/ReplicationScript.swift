import CouchDB
import NIOHTTP1
import Secrets

extension ConformanceScript {
    /// One side of a replication on the same server.
    private static func side(_ t: Transcript, _ database: String, password: String? = nil) -> JSONValue {
        let password = JSONValue.string(password ?? t.server.password.reveal())
        return [
            "url": .string("\(t.server.baseURL)/\(database)"),
            "auth": ["basic": ["username": .string(t.server.administrator), "password": password]],
        ]
    }

    private static func isIn(_ state: String) -> @Sendable (RawClient.Answer) -> Bool {
        { $0.body["state"]?.string == state }
    }

    /// Whether a row's counters say that so many documents were written, and that this is recorded.
    private static func hasWritten(_ count: Int) -> @Sendable (RawClient.Answer) -> Bool {
        { answer in
            let info = answer.body["info"]
            return info?["docs_written"]?.integer == count
                && info?["checkpointed_source_seq"]?.string?.split(separator: "-").first
                    == info?["source_seq"]?.string?
                    .split(separator: "-").first
        }
    }

    static let replicator = ConformanceScript(name: "replicator") { t in
        for name in ["from", "to", "once"] { try await t.prepare(.PUT, "/\(name)?q=1") }
        for name in ["a", "b", "c"] { try await t.prepare(.PUT, "/from/\(name)", ["v": 1]) }
        try await t.ask(.GET, "/_scheduler/docs")
        try await t.ask(.GET, "/_scheduler/jobs")
        let (from, to) = (side(t, "from"), side(t, "to"))
        try await t.prepare(
            .PUT, "/_replicator/live", ["source": from, "target": to, "continuous": true, "checkpoint_interval": 1000])
        let row = try await t.wait("/_scheduler/docs/_replicator/live", until: hasWritten(3))
        try await t.ask(.GET, "/_replicator/live")
        try await t.ask(.GET, "/_scheduler/docs")
        try await t.ask(.GET, "/_scheduler/docs?states=failed")
        try await t.ask(.GET, "/_scheduler/docs/_replicator?limit=1")
        try await t.ask(.GET, "/_scheduler/jobs")
        try await t.ask(.GET, "/_scheduler/jobs?limit=1&skip=5")
        try await t.ask(.GET, "/_active_tasks")
        let id = row.body["id"]?.string ?? ""
        try await t.ask(.GET, "/_scheduler/jobs/\(id.replacing("+", with: "%2B"))")
        let base = id.prefix { $0 != "+" }
        for side in ["from", "to"] { try await t.ask(.GET, "/\(side)/_local/\(base)") }
        try await t.ask(.GET, "/to/_changes?style=all_docs")
        // A change is noticed.
        try await t.prepare(.PUT, "/from/late", [:])
        try await t.wait("/_scheduler/docs/_replicator/live", until: hasWritten(4))
        // Twice the same.
        try await t.prepare(.PUT, "/_replicator/again", ["source": from, "target": to, "continuous": true])
        try await t.wait("/_scheduler/docs/_replicator/again", until: isIn("failed"))
        try await t.ask(.GET, "/_replicator/again")
        // A one-shot replication completes.
        try await t.prepare(.PUT, "/_replicator/once", ["source": from, "target": side(t, "once")])
        try await t.wait("/_scheduler/docs/_replicator/once", until: isIn("completed"))
        try await t.ask(.GET, "/_replicator/once")
        try await t.ask(.GET, "/_scheduler/docs?states=failed,completed")
        // A document that says so is never looked at again.
        try await t.prepare(
            .PUT, "/_replicator/copied",
            [
                "source": from, "target": to, "continuous": true, "_replication_state": "completed",
                "_replication_state_time": "2026-01-01T00:00:00Z",
            ])
        try await t.wait("/_scheduler/docs/_replicator/copied", until: isIn("completed"))
        // Deleting a document ends its job.
        let live = try await t.prepare(.GET, "/_replicator/live").body["_rev"]?.string ?? ""
        try await t.prepare(.DELETE, "/_replicator/live?rev=\(live)")
        try await t.wait("/_scheduler/jobs", until: { $0.body["total_rows"] == 0 })
        try await t.ask(.GET, "/_scheduler/docs/_replicator/live")
        for name in ["again", "once", "copied"] {
            let revision = try await t.prepare(.GET, "/_replicator/\(name)").body["_rev"]?.string ?? ""
            try await t.prepare(.DELETE, "/_replicator/\(name)?rev=\(revision)")
        }
    }

    static let replicatorFailures = ConformanceScript(name: "replicator-failures") { t in
        for name in ["good", "guarded-target"] { try await t.prepare(.PUT, "/\(name)?q=1") }
        for number in 1...4 {
            try await t.prepare(.PUT, "/good/\(number)", number % 2 == 0 ? ["refused": 1] : ["fine": 1])
        }
        let rule = """
            // couchsim: forbid-if-field refused no
            function (document) { if (document.refused !== undefined) throw({forbidden: 'no'}); }
            """
        try await t.prepare(.PUT, "/guarded-target/_design/rule", ["validate_doc_update": .string(rule)])
        let good = side(t, "good")
        for (name, body) in [
            ("bare", ["source": "good", "target": good]), ("no-source", ["target": good]),
            ("text", ["source": good, "target": good, "continuous": "yes"]),
            ("both", ["source": good, "target": good, "doc_ids": ["a"], "selector": [:]]),
        ] as [(String, JSONValue)] {
            try await t.ask(.PUT, "/_replicator/\(name)", body)
        }
        let target = side(t, "guarded-target")
        func put(_ id: String, _ source: JSONValue, _ target: JSONValue, _ more: [String: JSONValue] = [:]) async throws
        {
            var body: [String: JSONValue] = [
                "source": source, "target": target, "continuous": true, "retries_per_request": 1,
            ]
            body.merge(more) { _, new in new }
            try await t.prepare(.PUT, "/_replicator/\(id)", .object(body))
        }
        try await put("wrong-password", side(t, "good", password: "wrong"), good)
        try await put("no-password", .string("\(t.server.baseURL)/good"), target)
        try await put("missing-source", side(t, "missing"), target)
        try await put("missing-target", good, side(t, "missing"))
        try await put(
            "refused", ["url": "http://127.0.0.1:9/x", "auth": ["basic": ["username": "u", "password": "p"]]], target)
        for name in [
            "wrong-password", "no-password", "missing-source", "missing-target", "refused",
        ] {
            try await t.wait("/_scheduler/docs/_replicator/\(name)", until: isIn("crashing"))
        }
        let row = try await t.prepare(.GET, "/_scheduler/docs/_replicator/wrong-password")
        let id = row.body["id"]?.string ?? ""
        try await t.ask(.GET, "/_scheduler/jobs/\(id.replacing("+", with: "%2B"))")
        try await put("filtered", good, target, ["filter": "none/such"])
        try await t.wait("/_scheduler/docs/_replicator/filtered", until: isIn("error"))
        // Refused documents are counted and left behind.
        try await put("validated", good, target, ["checkpoint_interval": 1000])
        let validated = try await t.wait("/_scheduler/docs/_replicator/validated", until: hasWritten(2))
        let base = (validated.body["id"]?.string ?? "").prefix { $0 != "+" }
        try await t.ask(.GET, "/guarded-target/_local/\(base)")
        try await t.ask(.GET, "/guarded-target/_all_docs")
    }

    static let transientReplication = ConformanceScript(name: "transient-replication") { t in
        try await t.prepare(.PUT, "/origin?q=1")
        try await t.prepare(.PUT, "/origin/a", [:])
        let (origin, copy) = (side(t, "origin"), side(t, "copy"))
        try await t.ask(.POST, "/_replicate", ["source": origin, "target": copy])
        try await t.ask(.POST, "/_replicate", [:])
        try await t.prepare(.PUT, "/copy?q=1")
        try await t.ask(.POST, "/_replicate", ["source": origin, "target": copy])
        try await t.ask(.POST, "/_replicate", ["source": origin, "target": copy])
        try await t.ask(.POST, "/_replicate", ["source": side(t, "missing"), "target": copy])
        try await t.ask(.POST, "/_replicate", ["source": origin, "target": copy, "continuous": true])
        try await t.ask(.POST, "/_replicate", ["source": origin, "target": copy, "continuous": true, "cancel": true])
        try await t.ask(.POST, "/_replicate", ["source": origin, "target": copy, "continuous": true, "cancel": true])
        try await t.ask(.POST, "/_replicate", ["source": origin, "target": copy], as: .nobody)
    }
}
