import CouchSim
import Foundation
import NIOCore
import Testing

@testable import CouchDB

/// Behind a proxy that decodes `%2F` in paths, names with a slash are those of something else.
@Suite(.timeLimit(.minutes(1))) struct DecodedPathTests {
    /// A server that has nothing of such a name, behind a proxy that decodes or not.
    private static func script(isDecoding: Bool, reason: String, version: String = "1.6.1") -> ScriptedServer.Script {
        { request, _ in
            switch request.path {
            case "/": .greeting(version)
            case "/_session%2F" where isDecoding: .json(#"{"ok":true,"userCtx":{"name":null,"roles":[]}}"#)
            default: .answer(404, #"{"error":"not_found","reason":"\#(reason)"}"#)
            }
        }
    }

    @Test(arguments: ["team/orders", "a+b"], ["Database does not exist.", "no_db_file", "missing"])
    func isNotTakenForAbsence(name: String, reason: String) async throws {
        try await withConnection(script: Self.script(isDecoding: true, reason: reason)) {
            (connection, _) async throws in
            let database = connection.database(name)
            for error in [
                try await couchError { try await database.info() },
                try await couchError { try await database.exists() },
            ] {
                #expect(error.code == .notCouchDB && error.message.contains("decodes %2F"), "\(error)")
            }
            let infos = try await connection.databaseInfos([name])
            #expect(infos.failures.mapValues(\.code) == [name: .notCouchDB])
        }
    }

    @Test func aDatabaseThatIsMissingIsMissing() async throws {
        let script = Self.script(isDecoding: false, reason: "Database does not exist.")
        try await withConnection(script: script) { (connection, server) async throws in
            #expect(try await !connection.database("team/orders").exists())
            #expect(server.requests.map(\.path) == ["/team%2Forders", "/_session%2F"])
            let infos = try await connection.databaseInfos(["team/orders", "orders"])
            #expect(infos.infos.isEmpty && infos.failures.isEmpty)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            #expect(try await !connection.database("orders").exists())
            #expect(server.requests.count == 1, "what can't be decoded is not asked for again")
        }
    }

    /// What says nothing of the database itself is no absence either.
    @Test func aMissingDocumentIsNoMissingDatabase() async throws {
        try await withConnection(script: Self.script(isDecoding: false, reason: "missing")) {
            (connection, _) async throws in
            #expect(try await couchError { try await connection.database("orders").exists() }.code == .notFound)
            let infos = try await connection.databaseInfos(["orders"])
            #expect(infos.failures.mapValues(\.code) == ["orders": .notFound])
        }
    }

    /// Puts a document with an attachment, once straight and once behind a proxy.
    @Test(arguments: [true, false]) func writesNoAttachmentOfAnotherDocument(isThere: Bool) async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("plain")
            if isThere { try server.put("with", ["v": 1], in: "plain") }
            let connection = try ServerConnection(
                url: try ServerURL(server.baseURL),
                authentication: .basic(user: server.administrator, password: server.password))
            try await shuttingDown(connection) { () async throws in
                let database = connection.database("plain")
                let before = try server.leaves(of: "plain")
                server.faults.add(Fault(.decodedPath))
                let error = try await couchError { try await put("with/att", to: database) }
                #expect(error.code == .notCouchDB && error.message.contains("decodes %2F"), "\(error)")
                #expect(try server.leaves(of: "plain") == before)
                server.faults.removeAll()
                try await put("with/att", to: database)
                #expect(try await database.document("with/att")?["_attachments"]?["t"]?.object != nil)
            }
        }
    }

    private func put(_ id: String, to database: CouchDatabase) async throws {
        let document = Data(
            """
            {"_id":"\(id)","_rev":"2-a","_revisions":{"start":2,"ids":["a","b"]},"_attachments":{"t":\
            {"content_type":"text/plain","length":3,"follows":true,"revpos":1}}}
            """.utf8)
        let layout = try MultipartWriter(document: document, members: try DocumentMembers(of: document))
        let pieces = layout.segments.map { segment -> ByteBuffer in
            switch segment {
            case .bytes(let bytes): ByteBuffer(bytes: bytes)
            case .attachment: ByteBuffer(string: "abc")
            }
        }
        let body = AsyncStream<ByteBuffer> { continuation in
            for piece in pieces { continuation.yield(piece) }
            continuation.finish()
        }
        try await database.putRevision(id, revision: RevisionID("2-a"), layout: layout, body: body)
    }

    @Test func tellsWhatWasWrittenInstead() async throws {
        let script: ScriptedServer.Script = { _, _ in .answer(201, #"{"ok":true,"id":"with","rev":"1-x"}"#) }
        try await withConnection(script: script) { (connection, _) async throws in
            let database = connection.database("plain")
            for error in [
                try await couchError { try await database.putDocument("with/att", members: [:]) },
                try await couchError { try await database.putDocument("with/att", document: Data("{}".utf8)) },
            ] {
                #expect(error.code == .notCouchDB && error.message.contains("attachment of “with”"), "\(error)")
            }
            let error = try await couchError { try await database.putDocument("wi+th", members: [:]) }
            #expect(error.code == .notCouchDB && error.message.contains("instead of “wi+th” “with” was"), "\(error)")
        }
    }

    /// A plus sign that is decoded names another document, which would take what is not its own.
    @Test(arguments: [true, false])
    func asksBeforeAPlusSignIsWritten(isDecoded: Bool) async throws {
        let script: ScriptedServer.Script = { _, _ in
            isDecoded
                ? .answer(200, #"{"ok":true,"userCtx":{"name":"admin","roles":["_admin"]}}"#)
                : .answer(404, #"{"error":"not_found","reason":"Database does not exist."}"#)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let database = connection.database("plain")
            let failure = try await database.pathFailure(of: "a+b")
            #expect(failure?.message.contains("decodes %2F") == (isDecoded ? true : nil))
            let asked = server.requests.count
            #expect(try await database.pathFailure(of: "a b/c") == nil)
            #expect(server.requests.count == asked)
        }
    }
}
