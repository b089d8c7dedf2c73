import CouchDB
import NIOHTTP1

extension ConformanceScript {
    static let databases = ConformanceScript(name: "databases") { t in
        try await t.ask(.PUT, "/orders?q=1", as: .nobody)
        try await t.ask(.PUT, "/orders?q=1")
        try await t.ask(.PUT, "/orders")
        try await t.ask(.PUT, "/Orders")
        try await t.ask(.PUT, "/a%2Fb?q=3")
        try await t.ask(.GET, "/a%2Fb")
        try await t.ask(.GET, "/orders")
        try await t.ask(.GET, "/orders", as: .nobody)
        try await t.ask(.GET, "/missing")
        try await t.ask(.GET, "/missing/document")
        try await t.ask(.DELETE, "/missing")
        try await t.ask(.POST, "/_dbs_info", ["keys": ["orders", "missing"]])
        try await t.ask(.POST, "/_dbs_info", [:])
        try await t.ask(.POST, "/_dbs_info", ["keys": 5])
        try await t.ask(.POST, "/_dbs_info", ["keys": []], as: .nobody)
        try await t.ask(.GET, "/_all_dbs?startkey=%22o%22&endkey=%22p%22")
        try await t.ask(.GET, "/orders/_revs_limit")
        try await t.ask(.PUT, "/orders/_revs_limit", 7)
        try await t.ask(.GET, "/orders/_revs_limit")
        try await t.ask(.PUT, "/orders/_revs_limit", text: "x")
        try await t.ask(.PUT, "/orders/_revs_limit", 0)
        try await t.ask(.POST, "/orders/_ensure_full_commit", [:])
        try await t.ask(.POST, "/orders/_compact", [:])
        try await t.ask(.GET, "/orders/_bulk_docs")
        try await t.ask(.GET, "/orders/_revs_diff")
        try await t.ask(.GET, "/orders/_nothing")
        let before = try await t.prepare(.GET, "/orders").body["instance_start_time"]
        try await t.ask(.DELETE, "/orders", as: .nobody)
        try await t.ask(.DELETE, "/orders")
        // The creation time is told in seconds.
        try await Task.sleep(for: .milliseconds(1100))  // a second passes on purpose
        try await t.prepare(.PUT, "/orders?q=1")
        let after = try await t.prepare(.GET, "/orders").body["instance_start_time"]
        await t.note("a database that is made anew has another time", .bool(before != after))
    }

    static let security = ConformanceScript(name: "security") { t in
        try await t.prepare(.PUT, "/guarded?q=1")
        for name in ["boss", "reader", "stranger"] {
            try await t.prepare(
                .PUT, "/_users/org.couchdb.user:\(name)",
                ["name": .string(name), "password": "pw", "roles": [], "type": "user"])
        }
        try await t.ask(.GET, "/guarded/_security")
        try await t.ask(.PUT, "/guarded/_security", ["admins": ["names": ["boss"]], "members": ["names": ["reader"]]])
        try await t.ask(.GET, "/guarded/_security")
        try await t.ask(.PUT, "/guarded/_security", [])
        let (boss, reader) = (
            Transcript.Asker.user("boss", password: "pw"), Transcript.Asker.user("reader", password: "pw")
        )
        let stranger = Transcript.Asker.user("stranger", password: "pw")
        try await t.ask(.GET, "/guarded", as: reader)
        try await t.ask(.GET, "/guarded", as: stranger)
        try await t.ask(.GET, "/guarded", as: .nobody)
        try await t.ask(.GET, "/guarded", as: .user("reader", password: "wrong"))
        try await t.ask(.PUT, "/guarded/document", ["by": "reader"], as: reader)
        try await t.ask(.PUT, "/guarded/_design/views", [:], as: reader)
        try await t.ask(.PUT, "/guarded/_design/views", [:], as: boss)
        try await t.ask(.PUT, "/guarded/_security", [:], as: reader)
        try await t.ask(.PUT, "/guarded/_local/mark", [:], as: reader)
        try await t.ask(.DELETE, "/guarded", as: boss)
        try await t.ask(.GET, "/_all_dbs", as: boss)
        try await t.ask(.GET, "/_scheduler/jobs", as: boss)
        try await t.ask(.GET, "/_replicator/_all_docs", as: boss)
        try await t.ask(.GET, "/_session", as: reader)
    }
}
