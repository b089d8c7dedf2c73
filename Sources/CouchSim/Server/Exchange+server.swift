import CouchDB
import Foundation
import HTTPTypes
import Synchronization

extension Exchange {
    func welcome() throws -> SimulatedResponse {
        try allow(.get, .head)
        let version = flavour.version.description
        let vendor = OrderedJSON.string("The Apache Software Foundation")
        if flavour.isSingleNode {
            return .json([
                "couchdb": "Welcome", "uuid": .string(server.uuid), "version": .string(version),
                "vendor": ["version": .string(version), "name": vendor],
            ])
        }
        var json: OrderedJSON = ["couchdb": "Welcome", "version": .string(version), "git_sha": "11f0d36"]
        json.append("uuid", .string(server.uuid))
        if !flavour.features.isEmpty { json.append("features", .array(flavour.features.map { .string($0) })) }
        json.append("vendor", ["name": vendor])
        return .json(json)
    }

    func allDatabases() throws -> SimulatedResponse {
        try allow(.get, .head)
        if !flavour.isOlderThan3 { try requireServerAdmin() }
        var names = server.databaseNames
        if let start = try query.json("startkey")?.string { names.removeAll { $0 < start } }
        if let end = try query.json("endkey")?.string { names.removeAll { $0 > end } }
        if query.flag("descending") { names.reverse() }
        let skipped = names.dropFirst(try query.number("skip") ?? 0).prefix(try query.number("limit") ?? .max)
        return .json(.array(skipped.map { .string($0) }))
    }

    func databasesInfo() throws -> SimulatedResponse {
        let names: [String]
        if request.method == .get, flavour.listsDatabasesInfo {
            try requireServerAdmin()
            names = Array(
                server.databaseNames.dropFirst(try query.number("skip") ?? 0).prefix(try query.number("limit") ?? .max))
        } else {
            if flavour.listsDatabasesInfo { try allow(.get, .post) } else { try allow(.post) }
            try requireServerAdmin()
            let body = try request.declaredJSON()
            guard let keys = body["keys"] else { throw CouchFailure.badRequest("`keys` member must exist.") }
            guard let list = keys.elements else { throw CouchFailure.badRequest("`keys` member must be an array.") }
            guard list.count <= 100 else { throw CouchFailure.badRequest("Batch size too large") }
            names = list.compactMap(\.string)
        }
        return .json(
            .array(
                names.map { name in
                    let isHidden = has { if case .databaseNotFound(name) = $0 { true } else { false } }
                    // A missing database is a row of its own.
                    guard !isHidden, let database = try? server.database(name) else {
                        return ["key": .string(name), "error": "not_found"]
                    }
                    return ["key": .string(name), "info": info(of: database)]
                }))
    }

    func session() throws -> SimulatedResponse {
        try allow(.get, .head, .post, .delete)
        switch request.method {
        case .post: return try logIn()
        case .delete: return SimulatedResponse.ok.with(.setCookie, "AuthSession=; Version=1; Path=/; HttpOnly")
        default: break
        }
        var info: OrderedJSON = ["authentication_handlers": ["cookie", "default"]]
        if let handler = user.handler { info.append("authenticated", .string(handler)) }
        return .json(["ok": true, "userCtx": userContext, "info": info])
    }

    private var userContext: OrderedJSON {
        ["name": OrderedJSON(user.name), "roles": .array(user.roles.map { .string($0) })]
    }

    private func logIn() throws -> SimulatedResponse {
        let isForm = request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") ?? false
        let (name, password): (String?, String?)
        if isForm {
            let form = QueryParameters(Substring(String(decoding: request.body, as: UTF8.self)))
            (name, password) = (form["name"], form["password"])
        } else {
            let json = try request.declaredJSON()
            (name, password) = (json["name"]?.string, json["password"]?.string)
        }
        guard let name, let password, let user = server.user(name, password: password) else {
            throw CouchFailure.wrongPassword
        }
        let age = server.options.sessionTimeout.components.seconds
        let cookie = "AuthSession=\(server.makeCookie(for: name)); Version=1; Max-Age=\(age); Path=/; HttpOnly"
        return SimulatedResponse.json([
            "ok": true, "name": .string(name),
            "roles": .array(user.roles.map { .string($0) }),
        ]).with(.setCookie, cookie)
    }

    func uuids() throws -> SimulatedResponse {
        let count = min(try query.number("count") ?? 1, 1000)
        let uuids = (0..<count).map { _ in
            OrderedJSON.string(RevisionHash.hexadecimal((0..<16).map { _ in UInt8.random(in: 0...255) }))
        }
        return .json(["uuids": .array(uuids)])
    }

}

extension SimulatedServer {
    /// The names of all databases, sorted.
    package var databaseNames: [String] { state.withLock { $0.databases.keys.sorted() } }
}
