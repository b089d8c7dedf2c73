import CouchDB
import NIOHTTP1
import Secrets

extension ConformanceScript {
    static let identity = ConformanceScript(name: "identity") { t in
        try await t.ask(.GET, "/")
        try await t.ask(.GET, "/", as: .nobody)
        try await t.ask(.GET, "/_up", as: .nobody)
        try await t.ask(.GET, "/", as: .user("admin", password: "wrong"))
        try await t.ask(.GET, "/_all_dbs", as: .nobody)
        try await t.ask(.GET, "/_all_dbs", as: .user("admin", password: "wrong"))
        try await t.ask(.GET, "/_session")
        try await t.ask(.GET, "/_session", as: .nobody)
        try await t.ask(
            .POST, "/_session", text: "name=admin&password=wrong", as: .nobody,
            headers: ["Content-Type": "application/x-www-form-urlencoded"])
        let login = try await t.ask(
            .POST, "/_session", text: "name=admin&password=\(t.server.password.reveal())", as: .nobody,
            headers: ["Content-Type": "application/x-www-form-urlencoded"])
        let cookie = login.headers["set-cookie"] ?? ""
        await t.note("cookie has an age", .bool(cookie.contains("Max-Age=600")))
        let session = String(cookie.prefix { $0 != ";" })
        try await t.ask(.GET, "/_session", as: .nobody, headers: ["Cookie": session])
        try await t.ask(.GET, "/_membership", as: .nobody)
        try await t.ask(.GET, "/_active_tasks", as: .nobody)
        try await t.ask(.GET, "/_scheduler/jobs", as: .nobody)
        try await t.ask(.GET, "/_scheduler/docs", as: .nobody)
        try await t.ask(.GET, "/_active_tasks")
        try await t.ask(.DELETE, "/_all_dbs")
        try await t.ask(.GET, "/_nothing")
    }

    static let configuration = ConformanceScript(name: "configuration") { t in
        try await t.ask(.GET, "/_node/_local/_config/couchsim")
        try await t.ask(.GET, "/_node/_local/_config/couchsim/key")
        try await t.ask(.PUT, "/_node/_local/_config/couchsim/key", "one")
        try await t.ask(.PUT, "/_node/_local/_config/couchsim/key", "two")
        try await t.ask(.GET, "/_node/_local/_config/couchsim")
        try await t.ask(.GET, "/_node/_local/_config/couchsim/key")
        try await t.ask(.PUT, "/_node/_local/_config/couchsim/key", 5)
        try await t.ask(.DELETE, "/_node/_local/_config/couchsim/key")
        try await t.ask(.DELETE, "/_node/_local/_config/couchsim/key")
        try await t.ask(.GET, "/_node/nowhere/_config")
        try await t.ask(.GET, "/_node/_local/_config", as: .nobody)
        try await t.ask(.GET, "/_config")
    }
}
