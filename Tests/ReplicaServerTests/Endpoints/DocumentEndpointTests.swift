import CouchDB
import Foundation
import NIOHTTP1
import Replication
import Testing

@testable import ReplicaServer

@Suite(.timeLimit(.minutes(2)))
struct DocumentEndpointTests {
    private func withSample(_ body: @Sendable (RawClient) async throws -> Void) async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica]) { try await body($0.client) }
    }

    /// The form is what CouchDB 3.5.0 answered for the same document, but for `_attachments`' place.
    @Test func answersDocumentsByteForByte() async throws {
        let revision = Sample.attachmentRevision
        let packed = try Sample.gzipped.get()
        try await withSample { client in
            let plain = try await client.get("/db/d1")
            #expect(
                plain.text == """
                    {"_id":"d1","_rev":"\(revision)","v":1.0,"_attachments":{"t.txt":{"content_type":"text/plain",\
                    "revpos":1,"digest":"\(Sample.digest(of: packed))","length":300,"stub":true},"dir/b.bin":\
                    {"content_type":"application/octet-stream","revpos":1,"digest":\
                    "\(Sample.digest(of: Sample.binary))","length":3,"stub":true}}}

                    """)
            #expect(plain.headers.first(name: "etag") == "\"\(revision)\"")
            let matching = try await client.get("/db/d1", headers: ["If-None-Match": "\"\(revision)\""])
            #expect(matching.status == 304 && matching.bytes.isEmpty)
            let info = try await client.get("/db/d1?att_encoding_info=true&revs=true").text
            #expect(info.contains(#""length":300,"stub":true,"encoding":"gzip","encoded_length":\#(packed.count)}"#))
            #expect(info.contains(#""_revisions":{"start":1,"ids":["\#(revision.dropFirst(2))"]}"#))
        }
    }

    @Test func answersAttachmentsInline() async throws {
        try await withSample { client in
            let inline = try await client.get("/db/d1?attachments=true").json["_attachments"]
            #expect(inline?["t.txt"]?["data"]?.string == Sample.text.base64EncodedString())
            #expect(inline?["dir/b.bin"]?["data"]?.string == Sample.binary.base64EncodedString())
            #expect(inline?["t.txt"]?["stub"] == nil)
            let known = try await client.get(
                "/db/d1?atts_since=%5B%22\(Sample.attachmentRevision)%22%5D&attachments=true")
            #expect(known.json["_attachments"]?["t.txt"]?["stub"] == true)
        }
    }

    /// As CouchDB 3.5.0 did: a client that has no revision is sent all, and lists do not hear of it.
    @Test func answersAttachmentsThatAClientDoesNotHave() async throws {
        let (none, other) = ("%5B%5D", "%5B%229-x%22%5D")
        try await withSample { client in
            func data(_ path: String) async throws -> JSONValue? {
                try await client.get(path).json["_attachments"]?["dir/b.bin"]?["data"]
            }
            let bytes = JSONValue.string(Sample.binary.base64EncodedString())
            for query in ["atts_since=\(none)", "atts_since=\(none)&attachments=false", "atts_since=\(other)"] {
                #expect(try await data("/db/d1?\(query)") == bytes, "\(query)")
            }
            #expect(try await data("/db/d1") == nil)
            let opened = try await client.get(
                "/db/d1?open_revs=all&atts_since=\(none)", headers: ["Accept": "application/json"])
            #expect(opened.text.contains(Sample.binary.base64EncodedString()) && !opened.text.contains("\"stub\""))
            for since in [none, other] {
                let list = try await client.get("/db/_all_docs?include_docs=true&key=%22d1%22&atts_since=\(since)")
                #expect(list.text.contains("\"stub\":true"), "\(list)")
            }
        }
    }

    @Test func answersAttachmentsDecoded() async throws {
        try await withSample { client in
            let text = try await client.get("/db/d1/t.txt", headers: ["Accept-Encoding": "gzip"])
            #expect(text.bytes == Sample.text)
            #expect(text.headers.first(name: "content-encoding") == nil)
            #expect(text.headers.first(name: "content-length") == "300")
            #expect(text.headers.first(name: "content-type") == "text/plain")
            for path in ["dir/b.bin", "dir%2Fb.bin", "dir/b.bin?rev=\(Sample.attachmentRevision)"] {
                #expect(try await client.get("/db/d1/\(path)").bytes == Sample.binary)
            }
            #expect(try await client.send(.HEAD, "/db/d1/t.txt").headers.first(name: "content-length") == "300")
            #expect(try await client.get("/db/d1/none").status == 404)
            #expect(try await client.get("/db/d1/t.txt?rev=9-x").status == 404)
            #expect(try await client.get("/db/c/t.txt").json["reason"] == "Document is missing attachment")
        }
    }

    /// With `Content-Encoding: gzip`: `length` is that of the compressed bytes.
    @Test func answersAttachmentsThatWereUploadedCompressed() async throws {
        let packed = try Sample.gzipped.get()
        let json = """
            {"_id":"u","_rev":"1-a","_revisions":{"start":1,"ids":["a"]},"_attachments":{"t.txt":{"content_type":\
            "text/plain","revpos":1,"digest":"\(Sample.digest(of: packed))","length":\(packed.count),"follows":true,\
            "encoding":"gzip","encoded_length":\(packed.count)}}}
            """
        let members = try DocumentMembers(of: Data(json.utf8))
        let attachment = Attachment(member: members.attachments[0], content: .memory(packed))
        let replica = MemoryReplica()
        _ = try await replica.store(
            [try Revision(document: Data(json.utf8), members: members, attachments: [attachment])], checkpoint: nil)
        try await withServer(["db": replica]) { server in
            let plain = try await server.client.get("/db/u/t.txt")
            #expect(plain.bytes == Sample.text && plain.headers.first(name: "content-length") == nil)
            let inline = try await server.client.get("/db/u?attachments=true").json["_attachments"]?["t.txt"]
            #expect(inline?["data"]?.string == Sample.text.base64EncodedString())
            let stored = try await server.client.get("/db/u?open_revs=all")
            #expect(try parts(of: stored).attachments == [packed])
        }
    }

    /// Weak tags are those of a proxy that compresses.
    @Test func knowsWhatTheClientHas() async throws {
        try await withSample { client in
            for (path, tag) in [
                ("/db/d1", "\"\(Sample.attachmentRevision)\""),
                ("/db/d1/dir/b.bin", "\"\(Sample.digest(of: Sample.binary).dropFirst("md5-".count))\""),
            ] {
                for known in [tag, "W/\(tag)", "\"x\", W/\(tag)", "\"x\",\(tag) ,\"y\"", "*"] {
                    let answer = try await client.get(path, headers: ["If-None-Match": known])
                    #expect(answer.status == 304 && answer.bytes.isEmpty, "\(path) \(known)")
                    #expect(answer.headers.first(name: "etag") == tag)
                }
                for other in ["\"x\"", "W/\"x\"", "w/\(tag)", String(tag.dropFirst().dropLast()), "W/*"] {
                    let answer = try await client.get(path, headers: ["If-None-Match": other])
                    #expect(answer.status == 200, "\(path) \(other)")
                }
            }
        }
    }

    /// A tag stands for a revision that is there, and for nothing that changes while the revision stays.
    @Test func tagsOnlyWhatATagCovers() async throws {
        try await withSample { client in
            for extra in ["conflicts", "deleted_conflicts", "revs_info", "meta"] {
                let answer = try await client.get("/db/c?\(extra)=true", headers: ["If-None-Match": "\"2-c\""])
                #expect(answer.status == 200 && answer.headers.first(name: "etag") == nil, "\(extra)")
            }
            let missing = try await client.get("/db/c?rev=9-x", headers: ["If-None-Match": "\"9-x\""])
            #expect(missing.status == 404)
            // As CouchDB 3.5.0 does it: what is asked for beside a revision that is named is left out.
            let loser = try await client.get("/db/c?rev=2-b&meta=true&conflicts=true")
            #expect(loser.text == "{\"_id\":\"c\",\"_rev\":\"2-b\",\"x\":1}\n")
            #expect(loser.headers.first(name: "etag") == "\"2-b\"")
        }
    }

    @Test func answersConflictsAndRevisions() async throws {
        try await withSample { client in
            let document = try await client.get(
                "/db/c?conflicts=true&deleted_conflicts=true&revs_info=true"
            ).text
            #expect(
                document == """
                    {"_id":"c","_rev":"2-c","x":2.0,"_revs_info":[{"rev":"2-c","status":"available"},\
                    {"rev":"1-a","status":"missing"}],"_conflicts":["2-b"],"_deleted_conflicts":["3-d"]}

                    """)
            #expect(try await client.get("/db/c?rev=2-b").json["x"] == 1)
            #expect(try await client.get("/db/c?rev=3-d").json["_deleted"] == true)
            #expect(try await client.get("/db/c?rev=1-a").json["reason"] == "missing")
            #expect(try await client.get("/db/c?rev=zz").json["reason"] == "Invalid rev format")
            #expect(try await client.get("/db/gone").json["reason"] == "deleted")
            #expect(try await client.get("/db/gone?rev=1-g").json["why"] == "old")
            // CouchDB takes anything but `true` for no.
            #expect(
                try await client.get("/db/c?revs=perhaps&meta=1&conflicts=True").text
                    == #"{"_id":"c","_rev":"2-c","x":2.0}"# + "\n")
        }
    }

    @Test(arguments: Sample.oddIDs)
    func findsOddIDs(id: DocumentID) async throws {
        let escaped = id.text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let path = id.isDesign ? "_design/x" : escaped
        try await withSample { client in
            let answer = try await client.get("/db/\(path)")
            let found = try #require(answer.json["_id"]?.string)
            #expect(DocumentID(found) == id)
            #expect(answer.text.contains(#""z":1.0,"a":12345678901234567890,"é":"\u00e9""#))
            if id.isDesign { #expect(try await client.get("/db/_design%2Fx").status == 200) }
        }
    }

    @Test func opensRevisionsAsJSON() async throws {
        let json = ["Accept": "application/json"]
        try await withSample { client in
            let all = try await client.get("/db/c?open_revs=all&revs=true", headers: json)
            #expect(
                all.text == """
                    [{"ok":{"_id":"c","_rev":"2-b","x":1,"_revisions":{"start":2,"ids":["b","a"]}}},\
                    {"ok":{"_id":"c","_rev":"2-c","x":2.0,"_revisions":{"start":2,"ids":["c","a"]}}},\
                    {"ok":{"_id":"c","_rev":"3-d","_deleted":true,"_revisions":{"start":3,"ids":["d","x","a"]}}}]

                    """)
            let latest = try await client.get(
                "/db/c?open_revs=%5B%221-a%22,%222-b%22%5D&latest=true", headers: json)
            #expect(Set(revisions(in: latest.json)) == ["2-b", "2-c", "3-d"] && latest.json.array?.count == 3)
            let exact = try await client.get("/db/c?open_revs=%5B%221-a%22,%222-b%22%5D", headers: json)
            #expect(exact.json == [["missing": "1-a"], ["ok": ["_id": "c", "_rev": "2-b", "x": 1]]])
            #expect(try await client.get("/db/none?open_revs=all", headers: json).status == 404)
            #expect(try await client.get("/db/c?open_revs=%5B1%5D", headers: json).status == 400)
            #expect(try await client.get("/db/c?open_revs=x", headers: json).status == 400)
        }
    }

    @Test(arguments: [nil, "multipart/mixed", "*/*", "multipart/*, application/json"])
    func opensRevisionsAsMultipart(accept: String?) async throws {
        try await withSample { client in
            let answer = try await client.get(
                "/db/d1?open_revs=%5B%22\(Sample.attachmentRevision)%22,%229-x%22%5D&revs=true",
                headers: accept.map { ["Accept": $0] } ?? [:])
            let (documents, attachments, missing) = try parts(of: answer)
            #expect(documents.count == 1 && missing == ["9-x"])
            #expect(try attachments == [Sample.gzipped.get(), Sample.binary])
            #expect(documents.first?.contains(#""follows":true,"encoding":"gzip""#) == true)
        }
    }

    @Test func sendsNoAttachmentThatTheClientHas() async throws {
        try await withSample { client in
            let list = "%5B%22\(Sample.attachmentRevision)%22%5D"
            let answer = try await client.get("/db/d1?open_revs=\(list)&revs=true&atts_since=\(list)")
            let (documents, attachments, _) = try parts(of: answer)
            #expect(attachments.isEmpty && documents.first?.contains("\"stub\":true") == true)
        }
    }

    @Test func answersOneDocumentAsMultipart() async throws {
        try await withSample { client in
            let answer = try await client.get(
                "/db/d1?attachments=true&revs=true", headers: ["Accept": "multipart/related"])
            #expect(answer.headers.first(name: "content-length") == "\(answer.bytes.count)")
            #expect(try parts(of: answer).attachments == [Sample.gzipped.get(), Sample.binary])
        }
    }

    private func revisions(in json: JSONValue) -> [String] {
        (json.array ?? []).compactMap { $0["ok"]?["_rev"]?.string }
    }
}

/// Reads a multipart answer with the client's own reader.
func parts(of answer: RawClient.Answer) throws -> (documents: [String], attachments: [Data], missing: [String]) {
    var reader = try RevisionsReader(contentType: answer.headers.first(name: "content-type") ?? "")
    reader.append(answer.bytes)
    var (documents, attachments, missing) = ([String](), [Data](), [String]())
    while let event = try reader.next() {
        switch event {
        case .document(let bytes, _): documents.append(String(decoding: bytes, as: UTF8.self))
        case .attachment: attachments.append(Data())
        case .bytes(let bytes): attachments[attachments.count - 1].append(bytes)
        case .missing(let revision): missing.append(revision)
        case .failure(let failure): missing.append("\(failure.error): \(failure.reason ?? "")")
        default: break
        }
    }
    try reader.finish()
    return (documents, attachments, missing)
}
