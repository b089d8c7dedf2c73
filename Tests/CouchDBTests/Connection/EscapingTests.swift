import Testing

@testable import CouchDB

/// What reaches the server for each kind of name, over a real socket.
@Suite struct EscapingTests {
    @Test(arguments: [
        ("orders", "/orders"),
        ("a/b", "/a%2Fb"),
        ("a+b", "/a%2Bb"),
        ("a$b(c)-_", "/a%24b%28c%29-_"),
        ("_users", "/_users"),
    ])
    func escapesDatabaseNames(name: String, target: String) async throws {
        try await withConnection(script: { _, _ in .json("{}") }) { (connection, server) async throws in
            _ = try await connection.database(name).security()
            #expect(server.requests.map(\.target) == [target + "/_security"])
        }
    }

    @Test(arguments: [
        ("plain", "plain"),
        ("with space", "with%20space"),
        ("a/b", "a%2Fb"),
        ("a+b", "a%2Bb"),
        ("100%", "100%25"),
        ("%2F", "%252F"),
        ("a?b#c", "a%3Fb%23c"),
        ("a&b=c", "a%26b%3Dc"),
        ("grün", "gr%C3%BCn"),
        ("🛋", "%F0%9F%9B%8B"),
        ("\"q\"", "%22q%22"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("a:b@c", "a%3Ab%40c"),
        ("_design/x", "_design/x"),
        ("_design/x/y", "_design/x%2Fy"),
        ("_design/x y", "_design/x%20y"),
        ("_local/x/y", "_local/x%2Fy"),
        ("line\nbreak", "line%0Abreak"),
        ("nul\0", "nul%00"),
    ])
    func escapesDocumentIDs(id: String, target: String) async throws {
        try await withConnection(script: { _, _ in .missing }) { (connection, server) async throws in
            #expect(try await connection.database("db").document(id) == nil)
            #expect(server.requests.map(\.target) == ["/db/" + target])
        }
    }

    @Test func keepsThePathPrefix() async throws {
        try await withConnection(prefix: "/couch%20x", script: { _, _ in .json("{}") }) {
            (connection, server) async throws in
            _ = try await connection.database("db").security()
            #expect(server.requests.map(\.target) == ["/couch%20x/db/_security"])
        }
    }

    @Test func escapesReplicationIDs() async throws {
        let script: ScriptedServer.Script = { request, _ in request.path == "/" ? .greeting("3.5.0") : .missing }
        try await withConnection(script: script) { (connection, server) async throws in
            #expect(try await connection.schedulerJob(ReplicationID("ab12+continuous")) == nil)
            #expect(server.requests.last?.target == "/_scheduler/jobs/ab12%2Bcontinuous")
            #expect(try await connection.schedulerDocument("a/b", in: "x/_replicator") == nil)
            #expect(server.requests.last?.target == "/_scheduler/docs/x%2F_replicator/a%2Fb")
        }
    }

    @Test func escapesQueries() async throws {
        try await withConnection(script: { _, _ in .json(#"{"rows":[]}"#) }) { (connection, server) async throws in
            _ = try await connection.database("db").documents(from: "a+b&c/\"", to: "ü", limit: 3)
            #expect(
                server.requests.map(\.target)
                    == ["/db/_all_docs?endkey=%22%C3%BC%22&limit=3&startkey=%22a%2Bb%26c%2F%5C%22%22"])
        }
    }

    @Test(arguments: ["", "_design/", "_local/"])
    func refusesEmptyIDs(id: String) async throws {
        try await withConnection(script: { _, _ in .json("{}") }) { (connection, server) async throws in
            let error = try await couchError { try await connection.database("db").deleteDocument(id, revision: "1-a") }
            #expect(error.code == .invalidInput)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func refusesAnEmptyDatabaseName() async throws {
        try await withConnection(script: { _, _ in .json("{}") }) { (connection, server) async throws in
            let error = try await couchError { try await connection.database("").delete() }
            #expect(error.code == .invalidInput)
            #expect(server.requests.isEmpty)
        }
    }
}
