import Foundation
import Testing

@testable import CouchDB

@Suite(.timeLimit(.minutes(1))) struct DatabaseListTests {
    /// Answers `_all_dbs` and `_dbs_info` for these databases like a 3.x server.
    private func script(_ names: [String], version: String = "3.5.0") -> ScriptedServer.Script {
        { request, _ in
            if request.path == "/" { return .greeting(version) }
            if request.path == "/_all_dbs" {
                let query = request.query
                let start = query["startkey"].flatMap { try? JSONValue(parsing: Data($0.utf8)).string } ?? ""
                let page = names.filter { $0 >= start }.prefix(query["limit"].flatMap(Int.init) ?? .max)
                return .json(JSONValue.array(page.map { .string($0) }).text)
            }
            if request.path == "/_dbs_info" {
                let keys = try JSONValue(parsing: Data(request.body.utf8))["keys"]?.array?.compactMap(\.string) ?? []
                guard keys.count <= 100 else { return .answer(400, #"{"error":"bad_request","reason":"too many"}"#) }
                let rows = keys.map { key -> JSONValue in
                    names.contains(key)
                        ? ["key": .string(key), "info": Self.info(key)] : ["key": .string(key), "error": "not_found"]
                }
                return .json(JSONValue.array(rows).text)
            }
            let name = String(request.path.dropFirst())
            return names.contains(name) ? .json(Self.info(name).text) : .noDatabase
        }
    }

    private static func info(_ name: String) -> JSONValue {
        ["db_name": .string(name), "update_seq": "7-x", "doc_count": 7, "doc_del_count": 1]
    }

    private static let many = (0..<12_001).map { "db" + String($0 + 100_000) }

    @Test func pagesThroughAllNames() async throws {
        try await withConnection(script: script(Self.many)) { (connection, server) async throws in
            #expect(try await connection.databaseNames() == Self.many)
            #expect(server.requests.count { $0.path == "/_all_dbs" } == 3)
        }
    }

    @Test(arguments: [0, 1, 4999, 5000, 5001])
    func pagesAtTheLimits(count: Int) async throws {
        let names = Array(Self.many.prefix(count))
        try await withConnection(script: script(names)) { (connection, _) async throws in
            #expect(try await connection.databaseNames() == names)
        }
    }

    @Test func endsWhereTheServerDoesNotPage() async throws {
        let script: ScriptedServer.Script = { request, _ in
            request.path == "/"
                ? .greeting("2.3.1") : .json(JSONValue.array(Self.many.map { .string($0) }).text)
        }
        try await withConnection(script: script) { (connection, _) async throws in
            #expect(try await connection.databaseNames() == Self.many)
        }
    }

    @Test func asksAnOldServerOnce() async throws {
        try await withConnection(script: script(Self.many, version: "1.6.1")) { (connection, server) async throws in
            #expect(try await connection.databaseNames() == Self.many)
            #expect(server.requests.map(\.target) == ["/", "/_all_dbs"])
        }
    }

    @Test func describesInBatches() async throws {
        let names = Array(Self.many.prefix(250))
        try await withConnection(script: script(names)) { (connection, server) async throws in
            let infos = try await connection.databaseInfos(names + ["missing"]).infos
            #expect(infos.count == 250)
            #expect(infos["missing"] == nil)
            #expect(infos[names[7]]?.documentCount == 7)
            #expect(server.requests.count == 5, "the greeting, three batches and what may be missing")
        }
    }

    @Test(arguments: ["1.6.1", "2.1.2"])
    func describesOneByOneOnOldServers(version: String) async throws {
        let names = Array(Self.many.prefix(20))
        try await withConnection(script: script(names, version: version)) { (connection, server) async throws in
            let infos = try await connection.databaseInfos(names + ["missing"]).infos
            #expect(Set(infos.keys) == Set(names))
            #expect(!server.requests.contains { $0.path == "/_dbs_info" })
        }
    }

    @Test func describesOneByOneWhereTheListIsRefused() async throws {
        let known = script(["a", "b"])
        let script: ScriptedServer.Script = { request, number in
            request.path == "/_dbs_info"
                ? .answer(405, #"{"error":"method_not_allowed","reason":"x"}"#) : try await known(request, number)
        }
        try await withConnection(script: script) { (connection, _) async throws in
            #expect(try await connection.databaseInfos(["a", "b", "c"]).infos.keys.sorted() == ["a", "b"])
        }
    }

    @Test(
        "An error of one database is neither its absence nor an error of the others",
        arguments: ["timeout", "not_found"])
    func doesNotTakeAnErrorForAbsence(word: String) async throws {
        let script: ScriptedServer.Script = { request, _ in
            switch request.path {
            case "/": .greeting("3.5.0")
            case "/_dbs_info":
                .json(
                    JSONValue.array(
                        [["key": "a", "error": .string(word)], ["key": "b", "info": Self.info("b")]]
                    ).text)
            default: .answer(412, #"{"error":"nodedown","reason":"progress not possible"}"#)
            }
        }
        try await withConnection(script: script) { (connection, _) async throws in
            let answer = try await connection.databaseInfos(["a", "b"])
            #expect(answer.infos.keys.sorted() == ["b"])
            #expect(answer.failures.mapValues(\.code) == ["a": .serverError])
        }
    }

    @Test func doesNotTakeSilenceForAnErrorOfOneDatabase() async throws {
        let script: ScriptedServer.Script = { request, _ in
            switch request.path {
            case "/": .greeting("3.5.0")
            case "/_dbs_info": .json(#"[{"key":"a","error":"not_found"}]"#)
            default: .raw("")
            }
        }
        try await withConnection(script: script) { (connection, _) async throws in
            #expect(try await couchError { try await connection.databaseInfos(["a"]) }.code == .unreachable)
        }
    }

    @Test func readsTheRecordedList() async throws {
        try await withConnection(script: try Recording("server-answers").script) { (connection, _) async throws in
            let infos = try await connection.databaseInfos(["rec", "no-such-db"]).infos
            #expect(infos.keys.sorted() == ["rec"])
            #expect(infos["rec"]?.instanceStartTime == "1795505073")
            #expect(infos["rec"]?.q == 2)
            #expect(try await connection.databaseNames().contains("rec-vdu"))
        }
    }
}
