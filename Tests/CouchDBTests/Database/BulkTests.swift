import Foundation
import NIOCore
import Testing

@testable import CouchDB

@Suite(.timeLimit(.minutes(1))) struct BulkTests {
    @Test func fetchesRevisionsAsBytes() async throws {
        let document = #"{"_id":"a","_rev":"1-x", "n":1.50}"#
        let answer = """
            {"results":[{"id":"a","docs":[{"ok":\(document)}]},
             {"id":"b","docs":[{"error":{"id":"b","rev":"2-y","error":"not_found","reason":"missing"}}]}]}
            """
        try await withConnection(script: { _, _ in .json(answer) }) { (connection, server) async throws in
            let wanted = [
                RevisionRequest(
                    id: "a", revision: RevisionID("1-x"), attachmentsSince: [try #require(RevisionID("1-w"))]),
                RevisionRequest(id: "b"),
            ]
            var events: [BulkGetEvent] = []
            for try await event in connection.database("db").bulkGet(wanted) { events.append(event) }
            #expect(
                events == [
                    .document(Data(document.utf8), try DocumentMembers(of: Data(document.utf8))), .answered,
                    .failure(BulkGetFailure(id: "b", revision: "2-y", error: "not_found", reason: "missing")),
                    .answered,
                    .end,
                ])
            let request = try #require(server.requests.first)
            #expect(request.target == "/db/_bulk_get?attachments=false&latest=true&revs=true")
            #expect(request.body == #"{"docs":[{"id":"a","rev":"1-x","atts_since":["1-w"]},{"id":"b"}]}"#)
        }
    }

    @Test func endsAnAnswerThatIsLargerThanItMayBe() async throws {
        let answer = #"{"results":[{"id":"a","docs":[{"ok":{"_id":"a","_rev":"1-x","n":1}}]}]}"#
        try await withConnection(script: { _, _ in .json(answer) }) { (connection, _) async throws in
            func count(_ limit: Int?) async throws -> Int {
                let events = connection.database("db").bulkGet([RevisionRequest(id: "a")]).limited(to: limit)
                return try await events.reduce(0) { count, _ in count + 1 }
            }
            #expect(try await count(nil) == 3)
            #expect(try await count(answer.utf8.count) == 3)
            let error = try await couchError { try await count(answer.utf8.count - 1) }
            #expect(error.code == .answerTooLarge && error.request?.hasSuffix("/db/_bulk_get") == true)
        }
    }

    @Test func writesTheBytesOfDocuments() async throws {
        let documents = [#"{"_id":"a","_rev":"1-x",  "n":1.50}"#, #"{"_id":"b","_rev":"1-y","a":1,"a":2}"#]
        let answer = #"""
            [{"id":"b","rev":"1-y","error":"forbidden","reason":"no"},{"ok":true,"id":"a","rev":"1-x"}]
            """#
        try await withConnection(script: { _, _ in .answer(201, answer) }) { (connection, server) async throws in
            let result = try await connection.database("db").bulkDocuments(documents.map { Data($0.utf8) })
            #expect(
                result.refused == [
                    RefusedDocument(id: "b", revision: "1-y", error: "forbidden", reason: "no")
                ])
            #expect(result.reachedQuorum)
            #expect(
                server.requests.first?.body
                    == #"{"new_edits":false,"docs":["# + documents.joined(separator: ",") + "]}")
        }
    }

    @Test func tellsAWriteWithoutQuorum() async throws {
        try await withConnection(script: { _, _ in .answer(202, "[]") }) { (connection, _) async throws in
            let result = try await connection.database("db").bulkDocuments([])
            #expect(result == BulkWriteResult(refused: [], reachedQuorum: false))
        }
    }

    @Test func repeatsAnUndecidedWrite() async throws {
        let script: ScriptedServer.Script = { _, number in number == 0 ? .raw("") : .answer(201, "[]") }
        try await withConnection(script: script) { (connection, server) async throws in
            let result = try await connection.database("db").bulkDocuments([Data(#"{"_id":"a"}"#.utf8)])
            #expect(result.refused.isEmpty)
            #expect(server.requests.count == 2)
        }
    }

    @Test func doesNotTakeAnObjectForSuccess() async throws {
        try await withConnection(script: { _, _ in .answer(201, #"{"ok":true}"#) }) { (connection, _) async throws in
            let error = try await couchError { try await connection.database("db").bulkDocuments([]) }
            #expect(error.code == .malformedAnswer)
        }
    }

    @Test func fetchesOpenRevisions() async throws {
        let document = #"{"_id":"a b","_rev":"2-x",  "n":1.50}"#
        let answer = #"[{"ok":\#(document)},{"missing":"3-z"}]"#
        try await withConnection(script: { _, _ in .json(answer) }) { (connection, server) async throws in
            let revisions = try ["2-x", "3-z"].map { try #require(RevisionID($0)) }
            let database = connection.database("db")
            #expect(
                try await database.openRevisions("a b", revisions: revisions)
                    == [.document(Data(document.utf8)), .missing("3-z")])
            _ = try await database.openRevisions("_design/x", latest: false, includeAttachments: true)
            #expect(
                server.requests.map(\.target) == [
                    "/db/a%20b?latest=true&open_revs=%5B%222-x%22%2C%223-z%22%5D&revs=true",
                    "/db/_design/x?attachments=true&open_revs=all&revs=true",
                ])
        }
    }

    @Test(arguments: ["[", #"[{"ok":{}}"#, #"[{"no":1}]"#, #"{"ok":{}}"#, #"[{"missing":7}]"#, "", "<html>"])
    func refusesBrokenOpenRevisions(answer: String) throws {
        let error = try #require(throws: CouchError.self) { try OpenRevision.read(Data(answer.utf8)) }
        #expect(error.code == .malformedAnswer)
    }

    @Test func fetchesRevisionsWithAttachments() async throws {
        let document = #"{"_id":"x","_rev":"1-a","_attachments":{"a":{"follows":true,"length":5,"digest":"md5-x"}}}"#
        let inner = "--in\r\nContent-Type: application/json\r\n\r\n\(document)\r\n--in\r\n\r\nhello\r\n--in--"
        let body =
            "--out\r\nContent-Type: multipart/related; boundary=\"in\"\r\n\r\n\(inner)\r\n"
            + "--out\r\nContent-Type: application/json; error=\"true\"\r\n\r\n{\"missing\":\"2-z\"}\r\n--out--"
        let type = #"multipart/mixed; boundary="out""#
        let script: ScriptedServer.Script = { _, number in
            number == 0 ? .answer(200, body, type: type) : .answer(200, String(body.dropLast(30)), type: type)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let revisions = try ["1-a", "2-z"].map { try #require(RevisionID($0)) }
            let answer = try connection.database("db").openRevisionsWithAttachments("x", revisions: revisions)
            var (bytes, missing, ends) = (Data(), [String](), 0)
            for try await event in answer {
                switch event {
                case .document(let data, _): #expect(data == Data(document.utf8))
                case .bytes(let data): bytes += data
                case .missing(let revision): missing.append(revision)
                case .end: ends += 1
                default: break
                }
            }
            #expect(String(decoding: bytes, as: UTF8.self) == "hello")
            #expect(missing == ["2-z"] && ends == 1)
            let request = try #require(server.requests.first)
            #expect(request.headers["accept"] == "multipart/mixed")
            #expect(request.query["open_revs"] == #"["1-a","2-z"]"#)
            #expect(request.query["attachments"] == "true")

            let cut = try await couchError {
                for try await _ in answer {}
                return 0
            }
            #expect(cut.code == .malformedAnswer)
            #expect(cut.request?.hasSuffix("/db/x") == true)
        }
    }

    @Test(arguments: ["text/html", "application/json"])
    func refusesRevisionsThatAreNotMultipart(type: String) async throws {
        try await withConnection(script: { _, _ in .answer(200, "<html>", type: type) }) {
            (connection, _) async throws in
            let answer = try connection.database("db").openRevisionsWithAttachments("x")
            let error = try await couchError {
                for try await _ in answer {}
                return 0
            }
            #expect(error.code == .notCouchDB)
        }
    }

    @Test func fetchesAnAttachment() async throws {
        let script: ScriptedServer.Script = { _, _ in
            .answer(200, "hello", type: "text/plain", headers: ["Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="])
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let attachment = try await connection.database("db").attachment(
                "notes/a b.txt", of: "_design/x", revision: RevisionID("1-x"))
            #expect(attachment.contentType == "text/plain")
            #expect(attachment.length == 5)
            #expect(attachment.digest == "md5-XUFAKrxLKna5cZ2REBfFkg==")
            var bytes = ByteBuffer()
            for try await piece in attachment.body { bytes.writeImmutableBuffer(piece) }
            #expect(String(buffer: bytes) == "hello")
            #expect(server.requests.map(\.target) == ["/db/_design/x/notes%2Fa%20b.txt?rev=1-x"])
        }
    }

    @Test func tellsACutAttachment() async throws {
        let script: ScriptedServer.Script = { _, _ in .raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello") }
        try await withConnection(script: script) { (connection, _) async throws in
            let attachment = try await connection.database("db").attachment("a", of: "x")
            let error = try await couchError {
                for try await _ in attachment.body {}
                return 0
            }
            #expect(error.code == .malformedAnswer)
        }
    }

    @Test func storesAnAttachment() async throws {
        let script: ScriptedServer.Script = { _, _ in .answer(201, #"{"ok":true,"id":"x","rev":"2-b"}"#) }
        try await withConnection(script: script) { (connection, server) async throws in
            let pieces = AsyncStream<ByteBuffer> { continuation in
                for text in ["hel", "lo"] { continuation.yield(ByteBuffer(string: text)) }
                continuation.finish()
            }
            let revision = try await connection.database("db").putAttachment(
                "a.txt", of: "x", revision: "1-a", contentType: "text/plain", length: 5, body: pieces)
            #expect(revision == "2-b")
            let request = try #require(server.requests.first)
            #expect(request.target == "/db/x/a.txt?rev=1-a")
            #expect(request.body == "hello")
            #expect(request.headers["content-type"] == "text/plain")
            #expect(request.headers["content-length"] == "5")
        }
    }

    @Test func neverSendsAStreamTwice() async throws {
        try await withConnection(script: { _, _ in .answer(503, "") }) { (connection, server) async throws in
            let error = try await couchError {
                try await connection.database("db").putAttachment(
                    "a", of: "x", revision: nil, contentType: "text/plain", length: 0,
                    body: AsyncStream<ByteBuffer> { $0.finish() })
            }
            #expect(error.code == .serverError)
            #expect(server.requests.count == 1)
        }
    }
}
