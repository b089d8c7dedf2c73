import CouchDB
import Foundation
import NIOHTTP1
import Replication
import Testing

@testable import ReplicaServer

@Suite(.timeLimit(.minutes(2)))
struct ChangesEndpointTests {
    private func withSample(
        _ body: @Sendable (RawClient, MemoryReplica) async throws -> Void
    ) async throws {
        let sample = try await Sample()
        try await withServer(["db": sample.replica]) { try await body($0.client, sample.replica) }
    }

    @Test func answersNormalFeeds() async throws {
        try await withSample { client, _ in
            let all = try await client.get("/db/_changes?style=all_docs")
            let rows = try #require(all.json["results"]?.array)
            #expect(rows.count == 3 + Sample.oddIDs.count)
            #expect(all.json["pending"] == 0)
            #expect(all.json["last_seq"] == rows.last?["seq"])
            let conflict = rows.first { $0["id"] == "c" }
            #expect(conflict?["changes"]?.array?.map { $0["rev"]?.string } == Sample.conflict)
            #expect(conflict?["deleted"] == nil)
            #expect(rows.first { $0["id"] == "gone" }?["deleted"] == true)
            let winners = try await client.get("/db/_changes").json["results"]?.array
            #expect(winners?.first { $0["id"] == "c" }?["changes"] == [["rev": "2-c"]])
        }
    }

    @Test func goesOnWhereAFeedEnded() async throws {
        try await withSample { client, _ in
            let total = 3 + Sample.oddIDs.count
            let none = try await client.get("/db/_changes?limit=0").json
            #expect(none["results"] == [] && none["last_seq"] == 0 && none["pending"]?.integer == total)
            let now = try await client.get("/db/_changes?since=now").json
            #expect(now["results"] == [] && now["pending"] == 0)
            var (since, ids) = ("0", [String]())
            while true {
                let page = try await client.get("/db/_changes?limit=3&since=\(since)").json
                let rows = try #require(page["results"]?.array)
                ids += rows.compactMap { $0["id"]?.string }
                if rows.isEmpty { break }
                since = try #require(page["last_seq"]?.integer.map(String.init))
            }
            #expect(ids.count == total && Set(ids.map { DocumentID($0) }).count == total)
            #expect(try await client.get("/db/_changes?since=%220%22&limit=1").json["results"]?.array?.count == 1)
            for bad in ["since=zz", "limit=x", "limit=-1", "feed=x", "descending=true"] {
                #expect(try await client.get("/db/_changes?\(bad)").status == 400, "\(bad)")
            }
        }
    }

    @Test func leavesOutPositions() async throws {
        try await withSample { client, _ in
            let rows = try await client.get("/db/_changes?seq_interval=4").json["results"]?.array ?? []
            let told = rows.indices.filter { rows[$0]["seq"] != .null }
            #expect(told == Array(stride(from: 0, to: rows.count, by: 4)))
        }
    }

    @Test func includesDocuments() async throws {
        try await withSample { client, _ in
            let answer = try await client.get("/db/_changes?include_docs=true&conflicts=true")
            let rows = answer.json["results"]?.array ?? []
            #expect(rows.allSatisfy { $0["doc"]?["_id"] == $0["id"] })
            #expect(rows.first { $0["id"] == "c" }?["doc"]?["_conflicts"] == ["2-b"])
            #expect(answer.text.contains(#""doc":{"_id":"c","_rev":"2-c","x":2.0,"_conflicts":["2-b"]}"#))
            #expect(rows.first { $0["id"] == "gone" }?["doc"]?["_deleted"] == true)
            let other = try await client.get("/db/_changes?include_docs=True&descending=1")
            #expect(other.status == 200 && other.json["results"]?.array?.allSatisfy { $0["doc"] == nil } == true)
        }
    }

    @Test func filters() async throws {
        try await withSample { client, _ in
            let some = try await client.send(
                .POST, "/db/_changes?filter=_doc_ids", #"{"doc_ids":["c","none","a/b"]}"#)
            #expect(some.json["results"]?.array?.compactMap { $0["id"]?.string } == ["c", "a/b"])
            #expect(some.json["last_seq"] == 12)
            let byQuery = try await client.get("/db/_changes?filter=_doc_ids&doc_ids=%5B%22c%22%5D")
            #expect(byQuery.json["results"]?.array?.count == 1)
            let design = try await client.get("/db/_changes?filter=_design").json["results"]?.array
            #expect(design?.compactMap { $0["id"]?.string } == ["_design/x"])
            let function = try await client.get("/db/_changes?filter=app/some")
            #expect(function.status == 400 && function.json["reason"]?.string?.contains("app/some") == true)
        }
    }

    @Test func waitsForAChange() async throws {
        try await withSample { client, replica in
            let timeout = try await client.get("/db/_changes?feed=longpoll&since=now&timeout=20").json
            #expect(timeout["results"] == [] && timeout["last_seq"] == 12)
            let present = try await client.get("/db/_changes?feed=longpoll&since=11").json["results"]?.array
            #expect(present?.count == 1)
            // The heartbeats show that it waits; the change then ends it.
            var lines = try await client.lines("/db/_changes?feed=longpoll&since=now&heartbeat=5")
            #expect(try await lines.next() == #"{"results":["#)
            #expect(try await lines.next() == "")
            #expect(try await lines.next() == "")
            let revision = try replica.edit("new")
            var next = try await lines.next()
            while next == "" { next = try await lines.next() }
            #expect(next == #"{"seq":13,"id":"new","changes":[{"rev":"\#(revision)"}]}"#)
            #expect(try await lines.next() == "],")
            #expect(try await lines.next() == #""last_seq":13,"pending":0}"#)
        }
    }

    @Test func goesOnForEver() async throws {
        try await withSample { client, replica in
            var lines = try await client.lines("/db/_changes?feed=continuous&since=10&heartbeat=5")
            #expect(try await lines.next()?.hasPrefix(#"{"seq":11,"#) == true)
            #expect(try await lines.next()?.hasPrefix(#"{"seq":12,"#) == true)
            for number in 0..<3 {
                #expect(try await lines.next() == "")
                try replica.edit(DocumentID("new\(number)"))
                var next = try await lines.next()
                while next == "" { next = try await lines.next() }
                #expect(next?.contains(#""id":"new\#(number)""#) == true)
            }
            let ended = try await client.get("/db/_changes?feed=continuous&since=13&timeout=10").text
            let last = ended.split(separator: "\n").last
            #expect(last == #"{"last_seq":15,"pending":0}"# && ended.split(separator: "\n").count == 3)
            let limited = try await client.get("/db/_changes?feed=continuous&limit=2").text.split(separator: "\n")
            #expect(limited.count == 3 && limited.last?.hasPrefix(#"{"last_seq":"#) == true)
        }
    }

    /// Documents are read together, and none waits for others to come.
    @Test func sendsEachDocumentAsItComes() async throws {
        try await withSample { client, replica in
            var lines = try await client.lines(
                "/db/_changes?feed=continuous&since=now&heartbeat=5&include_docs=true&conflicts=true")
            for number in 0..<3 {
                #expect(try await lines.next() == "")
                let revision = try replica.edit(DocumentID("new\(number)"), members: #""n":1.0"#)
                var next = try await lines.next()
                while next == "" { next = try await lines.next() }
                let document = #"{"_id":"new\#(number)","_rev":"\#(revision)","n":1.0}"#
                #expect(next?.hasSuffix(#","doc":\#(document)}"#) == true, "\(next ?? "")")
            }
        }
    }

    /// As CouchDB sends them to a browser's `EventSource` (`chttpd_db:changes_callback`).
    @Test func sendsEvents() async throws {
        try await withSample { client, replica in
            let past = try await client.get("/db/_changes?feed=eventsource&since=10&timeout=10")
            #expect(past.headers.first(name: "Content-Type") == "text/event-stream")
            let events = past.text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
            #expect(events.count == 2 && events[0].hasPrefix(#"data: {"seq":11,"#) && events[0].hasSuffix("}\nid: 11"))
            var lines = try await client.lines("/db/_changes?feed=eventsource&since=now&heartbeat=5")
            #expect(try await lines.next() == "event: heartbeat")
            #expect(try await lines.next() == "data: ")
            let revision = try replica.edit("new")
            var next = try await lines.next()
            while let line = next, !line.hasPrefix("data: {") { next = try await lines.next() }
            #expect(next == #"data: {"seq":13,"id":"new","changes":[{"rev":"\#(revision)"}]}"#)
            #expect(try await lines.next() == "id: 13")
            #expect(try await lines.next() == "")
        }
    }

    /// Of what a filter leaves out the client sees nothing, however long it is read.
    @Test func showsLifeWhileItReadsWhatIsNotAskedFor() async throws {
        let replica = MemoryReplica()
        for number in 0..<3000 { try replica.edit(DocumentID("d\(number)")) }
        try replica.edit("_design/a")
        try await withServer(["db": replica]) { server in
            let scanned = try await server.client.get("/db/_changes?filter=_design&heartbeat=1")
            #expect(scanned.text.hasPrefix("{\"results\":[\n\n") && scanned.json["results"]?.array?.count == 1)
            for (feed, end) in [
                ("continuous", #"{"last_seq":500,"pending":2501}"#), ("longpoll", #""last_seq":500,"pending":2501}"#),
            ] {
                let ended = try await server.client.get("/db/_changes?filter=_design&feed=\(feed)&timeout=0")
                #expect(ended.text.split(separator: "\n").last.map(String.init) == end)
            }
            // What is asked for keeps a client waiting.
            let all = try await server.client.get("/db/_changes?feed=continuous&timeout=0").text
            #expect(all.split(separator: "\n").count == 3002)
        }
    }

    @Test func looksUpDocumentsByTheirIDs() async throws {
        try await withSample { client, replica in
            let body = #"{"doc_ids":["gone","c","none","d1","c"]}"#
            for query in ["", "&since=1", "&limit=2", "&limit=0", "&since=12"] {
                let found = try await client.send(.POST, "/db/_changes?filter=_doc_ids\(query)", body).json
                let since = query == "&since=1" ? 1 : query == "&since=12" ? 12 : 0
                let all = try await client.get("/db/_changes?since=\(since)").json["results"]?.array ?? []
                let expected = all.filter { ["gone", "c", "d1"].contains($0["id"]?.string) }
                let limit = query == "&limit=2" ? 2 : query == "&limit=0" ? 0 : 3
                #expect(found["results"]?.array == Array(expected.prefix(limit)), "\(query)")
                let last = limit == 2 ? expected[1]["seq"] : limit == 0 ? 0 : 12
                #expect(found["last_seq"] == last, "\(query)")
            }
            // New changes are told to whom they concern.
            var lines = try await client.lines(
                "/db/_changes?feed=continuous&heartbeat=5&filter=_doc_ids&doc_ids=%5B%22c%22,%22late%22%5D")
            #expect(try await lines.next()?.contains(#""id":"c""#) == true)
            try replica.edit("other")
            try replica.edit("late")
            var next = try await lines.next()
            while next == "" { next = try await lines.next() }
            #expect(next?.contains(#""id":"late""#) == true)
        }
    }

    /// A feed that can't go on must not look like one that has ended.
    @Test func breaksOffWhereTheReplicaFails() async throws {
        let replica = FailingReplica(failsAfter: 3)
        try await withServer(["db": replica, "other": FailingReplica(failsAfter: 3)]) { server in
            await #expect(throws: (any Error).self) {
                try await server.client.get("/db/_changes?include_docs=true")
            }
            await #expect(throws: (any Error).self) {
                try await server.client.send(.POST, "/other/_bulk_get", replica.request)
            }
            // Where nothing was sent yet the client is told.
            let told = try await server.client.send(.POST, "/db/_bulk_get", replica.request)
            #expect(told.status == 500)
        }
    }
}
