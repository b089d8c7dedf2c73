import Foundation
import Testing

@testable import CouchDB

@Suite(.timeLimit(.minutes(1))) struct DatabaseEndpointTests {
    @Test func tellsAMissingDatabaseFromAMissingDocument() async throws {
        for missing in [ScriptedAnswer.noDatabase, .answer(404, #"{"error":"not_found","reason":"no_db_file"}"#)] {
            try await withConnection(script: { _, _ in missing }) { (connection, _) async throws in
                let database = connection.database("orders")
                #expect(try await database.exists() == false)
                #expect(try await couchError { try await database.info() }.isDatabaseMissing)
                #expect(try await couchError { try await database.document("x") }.code == .notFound)
                #expect(try await couchError { try await database.localDocument("x") }.code == .notFound)
            }
        }
        for reason in ["missing", "deleted"] {
            let script: ScriptedServer.Script = { _, _ in
                .answer(404, #"{"error":"not_found","reason":"\#(reason)"}"#)
            }
            try await withConnection(script: script) { (connection, _) async throws in
                #expect(try await connection.database("orders").document("x") == nil)
                #expect(try await connection.database("orders").localDocument("x") == nil)
            }
        }
    }

    @Test func doesNotTakeAPageForAbsence() async throws {
        for page in ["<html>", #"{"status":404,"error":"Not Found","path":"/orders"}"#] {
            try await withConnection(script: { _, _ in .answer(404, page) }) { (connection, _) async throws in
                let database = connection.database("orders")
                #expect(try await couchError { try await database.exists() }.code == .notCouchDB)
                #expect(try await couchError { try await database.document("x") }.code == .notCouchDB)
                #expect(try await couchError { try await database.localDocument("x") }.code == .notCouchDB)
            }
        }
    }

    @Test func createsADatabase() async throws {
        try await withConnection(script: { _, _ in .answer(201, #"{"ok":true}"#) }) {
            (connection, server) async throws in
            try await connection.database("a").create()
            try await connection.database("a").create(q: 4, n: 1, isPartitioned: true)
            #expect(server.requests.map(\.target) == ["/a", "/a?n=1&partitioned=true&q=4"])
            #expect(server.requests.allSatisfy { $0.method == "PUT" })
        }
    }

    @Test func writesDocuments() async throws {
        let script: ScriptedServer.Script = { _, _ in .answer(201, #"{"ok":true,"rev":"2-b"}"#) }
        try await withConnection(script: script) { (connection, server) async throws in
            let database = connection.database("db")
            #expect(try await database.putDocument("x", members: ["_rev": "1-a", "v": 1]) == "2-b")
            #expect(try await database.deleteDocument("x", revision: "1-a") == "2-b")
            #expect(try await database.putLocalDocument("c/p", members: ["v": 1]) == "2-b")
            try await database.deleteLocalDocument("c/p", revision: "0-1")
            #expect(
                server.requests.map { "\($0.method) \($0.target) \($0.body)" } == [
                    #"PUT /db/x {"_rev":"1-a","v":1}"#, "DELETE /db/x?rev=1-a ", #"PUT /db/_local/c%2Fp {"v":1}"#,
                    "DELETE /db/_local/c%2Fp?rev=0-1 ",
                ])
        }
    }

    @Test func readsRecordedAnswers() async throws {
        try await withConnection(script: try Recording("server-answers").script) { (connection, _) async throws in
            let database = connection.database("rec")
            #expect(try await database.security()["admins"]?["roles"] == ["_admin"])
            #expect(try await database.revisionsLimit() == 1000)
            let difference = try await database.revisionsDiff(["doc-00001": ["99999-a"], "nobody": ["1-b"]])
            #expect(difference["nobody"] == MissingRevisions(missing: ["1-b"]))
            #expect(
                difference["doc-00001"]
                    == MissingRevisions(
                        missing: ["99999-a"], possibleAncestors: ["1-17907786cd284d6585a640e97e0ff8b6"]))
            #expect(try await database.changesPending(since: UpdateSequence("now")) == 0)
            #expect(try await connection.database("no-such-db").exists() == false)
        }
    }

    @Test func asksForNothingWithoutRevisions() async throws {
        try await withConnection(script: { _, _ in .json("{}") }) { (connection, server) async throws in
            #expect(try await connection.database("db").revisionsDiff([:]).isEmpty)
            #expect(server.requests.isEmpty)
        }
    }

    @Test(arguments: [(#"{"results":[],"last_seq":"7-x","pending":12}"#, 12), (#"{"results":[],"pending":null}"#, nil)])
    func countsPendingChanges(answer: String, pending: Int?) async throws {
        let script: ScriptedServer.Script = { request, _ in
            request.path == "/" ? .greeting("3.5.0") : .json(answer)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            #expect(try await connection.database("db").changesPending(since: UpdateSequence("3-a+b")) == pending)
            #expect(server.requests.last?.target == "/db/_changes?limit=0&since=3-a%2Bb&style=all_docs")
        }
    }

    @Test(
        arguments: [
            (UpdateSequence(40), 60), (UpdateSequence("40"), 60), (.zero, 100), (UpdateSequence("0"), 100),
            (UpdateSequence(101), 0), (UpdateSequence("40-x"), nil),
        ] as [(UpdateSequence, Int?)])
    func subtractsOnOldServers(since: UpdateSequence, pending: Int?) async throws {
        let script: ScriptedServer.Script = { request, _ in
            request.path == "/" ? .greeting("1.6.1") : .json(#"{"results":[{"seq":100,"id":"x"}],"last_seq":100}"#)
        }
        try await withConnection(script: script) { (connection, _) async throws in
            #expect(try await connection.database("db").changesPending(since: since) == pending)
        }
    }

    @Test("What raises update_seq of 1.x without a row is no change, recorded on 1.6.1")
    func countsToTheNewestRow() async throws {
        try await withConnection(script: try Recording("old-security").script) { (connection, server) async throws in
            let database = connection.database("fix")
            #expect(try await database.info().updateSequence == UpdateSequence(276))
            #expect(try await database.changesPending(since: UpdateSequence(275)) == 0)
            #expect(server.requests.last?.target == "/fix/_changes?descending=true&limit=1")
        }
    }

    @Test("An empty 1.x database has nothing pending, whatever its update_seq says")
    func countsNothingOfAnEmptyOne() async throws {
        let script: ScriptedServer.Script = { request, _ in
            request.path == "/" ? .greeting("1.2.2") : .json(#"{"results":[],"last_seq":1}"#)
        }
        try await withConnection(script: script) { (connection, _) async throws in
            #expect(try await connection.database("db").changesPending(since: .zero) == 0)
        }
    }
}
