import CouchDB
import Foundation
import NIOHTTP1
import Replication
import Testing

@testable import ReplicaServer

@Suite(.timeLimit(.minutes(2)))
struct BulkEndpointTests {
    private func withSample(_ body: @Sendable (RawClient) async throws -> Void) async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica]) { try await body($0.client) }
    }

    private let request = #"""
        {"docs":[{"id":"c","rev":"1-a"},{"id":"c","rev":"9-a"},{"id":"no"},{"id":"c"},{"rev":"1-a"},
        {"id":"c","rev":"zz"},{"id":"c","rev":"2-b"},{"id":"c","rev":"2-b"}]}
        """#

    /// One result for each item, in the order of the items, equal ones too.
    @Test func answersEachItemInItsPlace() async throws {
        try await withSample { client in
            let answer = try await client.send(.POST, "/db/_bulk_get?revs=true&latest=true", request)
            let results = try #require(answer.json["results"]?.array)
            #expect(results.map { $0["id"] } == ["c", "c", "no", "c", .null, "c", "c", "c"])
            let revisions = results.map { result in
                Set((result["docs"]?.array ?? []).compactMap { $0["ok"]?["_rev"]?.string })
            }
            #expect(revisions == [["2-b", "2-c", "3-d"], [], [], ["2-b", "2-c", "3-d"], [], [], ["2-b"], ["2-b"]])
            let errors = results.map { $0["docs"]?.array?.first?["error"] }
            #expect(errors[1] == ["id": "c", "rev": "9-a", "error": "not_found", "reason": "missing"])
            #expect(errors[2] == ["id": "no", "rev": "undefined", "error": "not_found", "reason": "missing"])
            #expect(
                errors[4] == ["id": .null, "rev": .null, "error": "bad_request", "reason": "document id missed"])
            #expect(errors[5] == ["id": "c", "rev": "zz", "error": "bad_request", "reason": "Invalid rev format"])
            let first = results[0]["docs"]?.array?.first { $0["ok"]?["_rev"] == "2-b" }
            #expect(first?["ok"]?["_revisions"] == ["start": 2, "ids": ["b", "a"]])
        }
    }

    @Test(arguments: ["", "?latest=1&revs=1"])
    func answersOnlyTheRevisionItselfWithoutLatest(query: String) async throws {
        try await withSample { client in
            let answer = try await client.send(.POST, "/db/_bulk_get\(query)", request)
            let first = answer.json["results"]?.array?.first
            #expect(first?["docs"]?.array?.first?["error"]?["error"] == "not_found")
            #expect(answer.text.contains(#"{"ok":{"_id":"c","_rev":"2-b","x":1}}"#))
        }
    }

    /// As CouchDB 3.5.0 did: in any case of letters, in a body also as text, and nothing else.
    @Test func takesTheTruthValuesOfAList() async throws {
        try await withSample { client in
            for query in ["include_docs=True&conflicts=FALSE", "include_docs=true&revs=1", "include_docs=TRUE"] {
                let answer = try await client.get("/db/_all_docs?key=%22c%22&\(query)")
                #expect(answer.text.contains(#""doc":{"_id":"c","_rev":"2-c","x":2.0}}"#), "\(answer)")
            }
            let conflicts = try await client.send(
                .POST, "/db/_all_docs", #"{"key":"c","include_docs":"True","conflicts":true}"#)
            #expect(conflicts.json["rows"]?.array?.first?["doc"]?["_conflicts"] == ["2-b"])
            let descending = try await client.get("/db/_all_docs?descending=True&endkey=%22c%22&inclusive_end=False")
            #expect(descending.json["rows"]?.array?.last?["id"] == "d1")
            for name in ["descending", "inclusive_end", "include_docs", "attachments", "update_seq", "conflicts"] {
                for value in ["1", "yes", ""] {
                    let answer = try await client.get("/db/_all_docs?\(name)=\(value)")
                    #expect(answer.status == 400 && answer.json["error"] == "query_parse_error", "\(name)=\(value)")
                }
            }
        }
    }

    @Test func answersManyItemsInOrder() async throws {
        let replica = MemoryReplica()
        var items: [String] = []
        for number in 0..<300 {
            let revision = try replica.edit(DocumentID("d\(number % 100)-\(number)"), members: #""n":\#(number)"#)
            items.append(#"{"id":"d\#(number % 100)-\#(number)","rev":"\#(revision)"}"#)
        }
        try await withServer(["db": replica]) { [items] server in
            let body = #"{"docs":[\#(items.reversed().joined(separator: ","))]}"#
            let answer = try await server.client.send(.POST, "/db/_bulk_get", body)
            let numbers = answer.json["results"]?.array?.compactMap { $0["docs"]?.array?.first?["ok"]?["n"]?.integer }
            #expect(numbers == (0..<300).reversed())
        }
    }

    @Test func answersAttachments() async throws {
        let body = #"{"docs":[{"id":"d1","rev":"\#(Sample.attachmentRevision)"},{"id":"c","rev":"9-x"}]}"#
        try await withSample { client in
            let stubs = try await client.send(.POST, "/db/_bulk_get?attachments=false", body).json["results"]
            let stub = stubs?.array?.first?["docs"]?.array?.first?["ok"]?["_attachments"]?["t.txt"]
            #expect(stub?["stub"] == true)
            let inline = try await client.send(.POST, "/db/_bulk_get?attachments=true", body).json["results"]
            let full = inline?.array?.first?["docs"]?.array?.first?["ok"]?["_attachments"]?["t.txt"]
            #expect(full?["data"]?.string == Sample.text.base64EncodedString())
            let multipart = try await client.send(
                .POST, "/db/_bulk_get?attachments=true&revs=true", body, headers: ["Accept": "multipart/mixed"])
            let parts = try parts(of: multipart)
            #expect(try parts.attachments == [Sample.gzipped.get(), Sample.binary])
            #expect(parts.missing == ["not_found: missing"])
        }
    }

    /// As CouchDB 3.5.0 did: naming revisions of one document asks for the attachments that they have not.
    @Test func answersAttachmentsThatAClientDoesNotHave() async throws {
        try await withSample { client in
            let known = #"["\#(Sample.attachmentRevision)"]"#
            for (since, isSent) in [(#"["9-x"]"#, true), ("[]", false), (known, false)] {
                let item = #"{"id":"d1","rev":"\#(Sample.attachmentRevision)","atts_since":\#(since)}"#
                let answer = try await client.send(.POST, "/db/_bulk_get", #"{"docs":[\#(item)]}"#)
                let document = answer.json["results"]?.array?.first?["docs"]?.array?.first?["ok"]
                let member = document?["_attachments"]?["t.txt"]
                #expect(member != nil && (member?["data"] != nil) == isSent, "\(since): \(answer)")
            }
            let refused = try await client.send(.POST, "/db/_bulk_get?atts_since=%5B%5D", #"{"docs":[]}"#)
            #expect(refused.status == 400)
        }
    }

    /// As CouchDB 3.5.0 answered, but for the order.
    @Test func tellsMissingRevisions() async throws {
        try await withSample { client in
            let answer = try await client.send(
                .POST, "/db/_revs_diff",
                #"{"c":["1-a","4-z","2-y"],"no":["1-x"],"d1":[],"\#u{e9}":["1-n"],"e\#u{301}":["1-n"]}"#)
            #expect(answer.json["c"]?["missing"] == ["4-z", "2-y"])
            #expect(Set(answer.json["c"]?["possible_ancestors"]?.array ?? []) == ["2-c", "2-b", "3-d"])
            #expect(answer.json["no"] == ["missing": ["1-x"]])
            #expect(answer.json["d1"] == nil)
            // Two ids that Swift takes for equal.
            #expect(answer.text.components(separatedBy: #"["1-n"]"#).count == 3)
            #expect(try await client.send(.POST, "/db/_revs_diff", "[]").status == 400)
            #expect(try await client.send(.POST, "/db/_revs_diff", #"{"a":["zz"]}"#).status == 400)
        }
    }

    @Test func listsDocuments() async throws {
        let replica = MemoryReplica()
        for id in ["a", "c", "d", "e"] { try replica.edit(DocumentID(id), members: #""v":1.0"#) }
        try replica.edit("b", on: try replica.edit("b"), isDeleted: true)
        try await withServer(["db": replica]) { server in
            func ids(_ query: String) async throws -> [String?] {
                let rows = try await server.client.get("/db/_all_docs?\(query)").json["rows"]?.array ?? []
                return rows.map { $0["id"]?.string }
            }
            #expect(try await ids("") == ["a", "c", "d", "e"])
            #expect(try await ids("descending=true") == ["e", "d", "c", "a"])
            #expect(try await ids("startkey=%22b%22&endkey=%22d%22") == ["c", "d"])
            #expect(try await ids("startkey=%22b%22&endkey=%22d%22&inclusive_end=false") == ["c"])
            #expect(try await ids("descending=true&startkey=%22d%22&endkey=%22b%22") == ["d", "c"])
            #expect(try await ids("skip=1&limit=2") == ["c", "d"])
            #expect(try await ids("limit=0") == [])
            #expect(try await ids("key=%22c%22") == ["c"])
            #expect(try await ids("key=%22b%22") == [])
            let keys = try await server.client.send(
                .POST, "/db/_all_docs?include_docs=true", #"{"keys":["b","zz","a"]}"#)
            let rows = try #require(keys.json["rows"]?.array)
            #expect(rows.count == 3 && rows[0]["value"]?["deleted"] == true && rows[0]["doc"] == .null)
            #expect(rows[1] == ["key": "zz", "error": "not_found"])
            #expect(rows[2]["doc"]?["_id"] == "a" && keys.text.contains("\"v\":1.0"))
            let first = try await server.client.get("/db/_all_docs").json
            #expect(first["total_rows"] == 4 && first["offset"] == 0)
            #expect(try await server.client.get("/db/_all_docs?startkey=a").status == 400)
        }
    }

    /// As CouchDB 3.5.0 did, to which all that is no string comes before every id.
    @Test(arguments: ["null", "false", "true", "1", "-2.5", "[]", "{}", "[%22b%22]", "{%22b%22:1}"])
    func takesKeysThatAreNoStrings(key: String) async throws {
        let replica = MemoryReplica()
        for id in ["a", "b", "c"] { try replica.edit(DocumentID(id)) }
        try await withServer(["db": replica]) { server in
            let all = ["a", "b", "c"]
            for (query, ids, offset) in [
                ("startkey=\(key)", all, 0), ("startkey=\(key)&skip=1", ["b", "c"], 1), ("endkey=\(key)", [], 0),
                ("key=\(key)", [], 0), ("descending=true&startkey=\(key)", [], 3),
                ("descending=true&endkey=\(key)", ["c", "b", "a"], 0),
                ("startkey=\(key)&endkey=%22b%22", ["a", "b"], 0), ("key=\(key)&include_docs=true", [], 0),
            ] {
                // Brackets and braces have no place in a URL.
                let path = query.replacing("[", with: "%5B").replacing("]", with: "%5D")
                    .replacing("{", with: "%7B").replacing("}", with: "%7D")
                let answer = try await server.client.get("/db/_all_docs?\(path)")
                #expect(answer.json["rows"]?.array?.map { $0["id"]?.string } == ids, "\(query): \(answer)")
                #expect(answer.json["offset"]?.integer == offset && answer.json["total_rows"] == 3, "\(query)")
            }
        }
    }

    @Test func answersKeysThatAreNoStringsInTheirPlace() async throws {
        let replica = MemoryReplica()
        for id in ["a", "b"] { try replica.edit(DocumentID(id)) }
        try await withServer(["db": replica]) { server in
            for query in ["", "?include_docs=true"] {
                let answer = try await server.client.send(
                    .POST, "/db/_all_docs\(query)", #"{"keys":["b",1,"zz",null,{"x":[true]},"a"]}"#)
                let rows = answer.json["rows"]?.array ?? []
                #expect(rows.map { $0["key"] } == ["b", 1, "zz", .null, ["x": [true]], "a"], "\(answer)")
                #expect(rows.map { $0["id"] } == ["b", nil, nil, nil, nil, "a"])
                #expect(rows.map { $0["error"] == "not_found" } == [false, true, true, true, true, false])
            }
        }
    }

    /// As CouchDB 3.5.0 did with the same bodies.
    @Test func takesTheParametersOfAListFromTheBody() async throws {
        let replica = MemoryReplica()
        for id in ["a", "c", "d", "true"] { try replica.edit(DocumentID(id), members: #""v":1.0"#) }
        try await withServer(["db": replica]) { server in
            func post(_ body: String, _ query: String = "") async throws -> RawClient.Answer {
                try await server.client.send(.POST, "/db/_all_docs\(query)", body)
            }
            for (body, query, ids) in [
                ("{}", "", ["a", "c", "d", "true"]), (#"{"limit":1}"#, "", ["a"]),
                (#"{"limit":1}"#, "?limit=2", ["a", "c"]),
                (#"{"startkey":"c","endkey":"d","inclusive_end":false}"#, "", ["c"]),
                (#"{"key":"true"}"#, "", ["true"]),
                (#"{"descending":true,"skip":3,"other":{}}"#, "", ["a"]), (#"{"keys":["d","a"],"limit":1}"#, "", ["d"]),
            ] {
                let rows = try await post(body, query).json["rows"]?.array
                #expect(rows?.map { $0["id"]?.string } == ids, "\(body)")
            }
            #expect(try await post(#"{"include_docs":true,"limit":1}"#).text.contains(#""doc":{"_id":"a""#))
            for bad in ["[]", "1", #"{"keys":5}"#, #"{"keys":null}"#, #"{"limit":"1"}"#, #"{"descending":1}"#] {
                #expect(try await post(bad).status == 400, "\(bad)")
            }
        }
    }

    /// As CouchDB 3.5.0 did.
    @Test func reversesTheKeysOfADescendingList() async throws {
        let replica = MemoryReplica()
        for id in ["a", "b", "c"] { try replica.edit(DocumentID(id)) }
        try await withServer(["db": replica]) { server in
            func keys(_ answer: RawClient.Answer) -> [String?]? {
                answer.json["rows"]?.array?.map { $0["key"]?.string }
            }
            let list = "keys=%5B%22a%22,%22zz%22,%22c%22,%22b%22%5D&descending=true"
            #expect(keys(try await server.client.get("/db/_all_docs?\(list)")) == ["b", "c", "zz", "a"])
            #expect(keys(try await server.client.get("/db/_all_docs?\(list)&skip=1&limit=2")) == ["c", "zz"])
            let body = #"{"keys":["a","zz","c"],"descending":true}"#
            #expect(keys(try await server.client.send(.POST, "/db/_all_docs", body)) == ["c", "zz", "a"])
            let other = try await server.client.send(
                .POST, "/db/_all_docs?descending=true&skip=1", #"{"keys":["a","zz","c"]}"#)
            #expect(keys(other) == ["zz", "a"])
        }
    }

    /// As CouchDB 3.5.0 did, which tells none for keys that are named.
    @Test func tellsThePositionOfAList() async throws {
        let replica = MemoryReplica()
        for id in ["a", "b", "c"] { try replica.edit(DocumentID(id)) }
        try await withServer(["db": replica]) { server in
            let info = try await server.client.get("/db").json
            let position = try #require(info["update_seq"])
            for query in ["", "&limit=1", "&startkey=%22b%22"] {
                let answer = try await server.client.get("/db/_all_docs?update_seq=true\(query)")
                #expect(answer.json["update_seq"] == position, "\(answer)")
            }
            let named = try await server.client.send(
                .POST, "/db/_all_docs", #"{"keys":["a"],"update_seq":true}"#)
            #expect(named.text.contains(#""offset":null,"update_seq":null,"rows":["#))
            #expect(try await server.client.get("/db/_all_docs?update_seq=false").json["update_seq"] == nil)
            #expect(try await server.client.get("/db/_all_docs").json["update_seq"] == nil)
            #expect(try await server.client.get("/db/_all_docs?update_seq=x").status == 400)
        }
    }

    @Test func listsMoreThanOnePage() async throws {
        let replica = MemoryReplica()
        for number in 0..<1100 { try replica.edit(DocumentID("d\(number)")) }
        try await withServer(["db": replica]) { server in
            let rows = try await server.client.get("/db/_all_docs").json["rows"]?.array ?? []
            #expect(Set(rows.compactMap { $0["id"]?.string }).count == 1100 && rows.count == 1100)
            let changes = try await server.client.get("/db/_changes").json["results"]?.array ?? []
            #expect(Set(changes.compactMap { $0["id"]?.string }).count == 1100 && changes.count == 1100)
        }
    }
}
