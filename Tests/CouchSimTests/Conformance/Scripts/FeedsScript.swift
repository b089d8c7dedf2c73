import CouchDB
import Foundation
import NIOHTTP1

extension ConformanceScript {
    static let changes = ConformanceScript(name: "changes") { t in
        try await t.prepare(.PUT, "/changes?q=1")
        try await t.ask(.GET, "/changes/_changes")
        for name in ["a", "b", "c", "d"] { try await t.prepare(.PUT, "/changes/\(name)", ["v": 1]) }
        let b = try await t.prepare(.GET, "/changes/b").body["_rev"]?.string ?? ""
        try await t.prepare(.DELETE, "/changes/b?rev=\(b)")
        let all = try await t.ask(.GET, "/changes/_changes")
        try await t.ask(.GET, "/changes/_changes?style=all_docs&include_docs=true")
        try await t.ask(.GET, "/changes/_changes?limit=2")
        try await t.ask(.GET, "/changes/_changes?limit=0")
        try await t.ask(.GET, "/changes/_changes?since=now")
        try await t.ask(.GET, "/changes/_changes?since=0&limit=1")
        try await t.ask(.GET, "/changes/_changes?seq_interval=3")
        try await t.ask(.GET, "/changes/_changes?since=broken")
        try await t.ask(.GET, "/changes/_changes?since=99-broken")
        try await t.ask(.GET, "/changes/_changes?feed=unknown")
        try await t.ask(.GET, "/changes/_changes?filter=no%2Fsuch")
        try await t.ask(.GET, "/changes/_changes?descending=true&limit=2")
        let position = all.body["results"]?.array?.dropFirst().first?["seq"]?.string ?? ""
        try await t.ask(.GET, "/changes/_changes?since=\(position)")
        try await t.ask(.GET, "/changes/_changes?since=%22\(position)%22&limit=0")
        let last = all.body["last_seq"]?.string ?? ""
        try await t.ask(.GET, "/changes/_changes?since=\(last)&limit=0")
        try await t.ask(.GET, "/changes/_changes?feed=longpoll&since=0&limit=1")
        try await t.ask(.GET, "/changes/_changes?feed=longpoll&since=now&timeout=10")
        for (path, name) in [
            ("feed=continuous&timeout=10&since=0&limit=2", "continuous with a limit"),
            ("feed=continuous&timeout=10&since=now", "continuous until its end"),
        ] {
            let feed = try await t.server.client.send(.GET, "/changes/_changes?\(path)")
            let lines = String(decoding: feed.bytes, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: true)
            await t.note(name, .array(try lines.map { try JSONValue(parsing: Data($0.utf8)) }))
        }
        // The order of a filtered feed is not the matter here.
        let filtered = try await t.server.client.send(
            .POST, "/changes/_changes?filter=_doc_ids", ["doc_ids": ["a", "d", "missing"]])
        await t.note("filtered by ids", filtered.body["results"] ?? .null)
        try await t.ask(.POST, "/changes/_changes?filter=_doc_ids", ["doc_ids": 5])
    }

    static let listing = ConformanceScript(name: "listing") { t in
        try await t.prepare(.PUT, "/listing?q=1")
        for name in ["b", "a", "B", "ä", "_design/d", "c"] {
            try await t.prepare(
                .PUT, "/listing/\(name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? "")", [:])
        }
        let gone = try await t.prepare(.PUT, "/listing/gone", [:]).body["rev"]?.string ?? ""
        try await t.prepare(.DELETE, "/listing/gone?rev=\(gone)")
        try await t.ask(.GET, "/listing/_all_docs")
        try await t.ask(.GET, "/listing/_all_docs?include_docs=true&limit=2&skip=1")
        try await t.ask(.GET, "/listing/_all_docs?startkey=%22a%22&endkey=%22b%22")
        try await t.ask(.GET, "/listing/_all_docs?startkey=%22a%22&endkey=%22b%22&inclusive_end=false")
        try await t.ask(.GET, "/listing/_all_docs?key=%22b%22")
        try await t.ask(.GET, "/listing/_all_docs?descending=true&limit=2")
        try await t.ask(.GET, "/listing/_all_docs?startkey=broken")
        try await t.ask(.POST, "/listing/_all_docs", ["keys": ["b", "missing", "gone"]])
        try await t.ask(.POST, "/listing/_all_docs?include_docs=true", ["keys": ["b", "missing", "gone"]])
        try await t.ask(.GET, "/listing/_design_docs")
        try await t.ask(.GET, "/listing/_design_docs?include_docs=true")
    }

    static let attachments = ConformanceScript(name: "attachments") { t in
        try await t.prepare(.PUT, "/attachments?q=1")
        // Types that CouchDB doesn't compress: else digests would be those of the compressed bytes.
        let one: JSONValue = ["content_type": "application/octet-stream", "data": "AAEC"]
        let two: JSONValue = ["content_type": "image/png", "data": "aGVsbG8="]
        let first = try await t.ask(
            .PUT, "/attachments/a", ["_attachments": ["one.bin": one, "two.png": two], "v": 1])
        try await t.ask(.GET, "/attachments/a")
        try await t.ask(.GET, "/attachments/a?attachments=true")
        let content = try await t.server.client.send(.GET, "/attachments/a/two.png")
        await t.note("content", .string(String(decoding: content.bytes, as: UTF8.self)))
        await t.note("type", .string(content.headers["content-type"] ?? ""))
        try await t.ask(.GET, "/attachments/a/missing")
        let revision = first.body["rev"]?.string ?? ""
        let second = try await t.ask(
            .PUT, "/attachments/a",
            [
                "_rev": .string(revision), "v": 2,
                "_attachments": ["two.png": ["stub": true], "three.bin": ["data": "AwQ="]],
            ])
        try await t.ask(.GET, "/attachments/a?open_revs=all&attachments=true&revs=true")
        try await t.ask(
            .PUT, "/attachments/a/four.bin?rev=\(second.body["rev"]?.string ?? "")", text: "four",
            headers: ["Content-Type": "application/octet-stream"])
        try await t.ask(.GET, "/attachments/a")
        try await t.ask(
            .PUT, "/attachments/a/five.bin?rev=1-abc", text: "five",
            headers: ["Content-Type": "application/octet-stream"])
        try await t.ask(
            .PUT, "/attachments/fresh/one.bin", text: "one", headers: ["Content-Type": "application/octet-stream"])
        try await t.ask(.PUT, "/attachments/stub", ["_attachments": ["a": ["stub": true]]])
        try await t.ask(.PUT, "/attachments/broken", ["_attachments": ["a": ["data": "!!!"]]])
        try await t.ask(
            .POST, "/attachments/_bulk_docs",
            [
                "new_edits": false,
                "docs": [
                    [
                        "_id": "moved", "_rev": "2-m", "_attachments": ["one.bin": one],
                        "_revisions": ["start": 2, "ids": ["m", "l"]],
                    ]
                ],
            ])
        try await t.ask(.GET, "/attachments/moved?attachments=true&revs=true")
        try await t.ask(.GET, "/attachments")
    }
}
