import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

/// Documents that a decoder would change come back with the same revision, and CouchDB serves the same bytes.
@Suite(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(5)))
struct ByteExactnessTests {
    /// Ids and members; what CouchDB itself does not take is left out. A list, since Swift takes the two spellings of ü for equal.
    private static let members: KeyValuePairs<String, String> = [
        "whole and broken": #""a":1.0,"b":1,"c":-0.0,"d":1e5,"e":1E-7,"f":100000000000000000000.0"#,
        "large":
            #""a":12345678901234567890,"b":-99999999999999999999,"c":18446744073709551616,"d":1.7976931348623157e308"#,
        "too large": #""a":1e400"#,
        "order": #""z":1,"a":2,"m":{"z":1,"a":{"y":[],"b":{}}},"":0"#,
        "twice": #""a":1,"b":2,"a":3,"c":{"x":1,"x":2}"#,
        "text": ##""a":"\u0000\u001f\ud83d\ude00\u00e9é\\\/\"","b":"\u2028\u2029","\u0000k":1"##,
        "a/b": #""a":[[[[null,true,false]]]]"#, "a+b": #""a":"+""#, "100% ?&=#": #""a":0.1"#, "🛋": #""a":1e-320"#,
        "gr\u{fc}n": #""a":1"#, "gru\u{308}n": #""a":2"#, "_design/d/e": #""language":"query","n":2.50"#,
        "spaces": #"  "a" : [ 1 , 2 ]  "#,
    ]

    @Test func bringsTheSameBytesBack() async throws {
        try await withRealScene { _, scene in
            let source = scene.source
            var written: [String] = []
            for (id, members) in Self.members {
                if try await source.put(id, text: "{\(members)}") { written.append(id) }
            }
            #expect(written.count >= Self.members.count - 1, "at most 1e400 is refused")
            let text = String(repeating: "words and \\u00e9 numbers 1.0 ", count: 7_000_000 / 31)
            #expect(try await source.put("seven megabytes", text: #"{"text":"\#(text)","n":1.0}"#))
            // A short history, ten thousand revisions, and a history that the server cuts off.
            try await source.setRevisionsLimit(10_000)
            for length in [200, 10_000, 10_500] {
                let hashes = (0..<length).map { number in
                    "\"" + String(repeating: "0", count: 26) + String(format: "%06x", length * 1100 + number) + "\""
                }
                _ = try await source.bulkDocuments([
                    Data(
                        #"{"_id":"\#(length) revisions","_rev":"\#(length)-\#(hashes[0].dropFirst().dropLast())","n":1.0,"_revisions":{"start":\#(length),"ids":[\#(hashes.joined(separator: ","))]}}"#
                            .utf8)
                ])
            }
            for number in 0..<50 {
                try await source.replicate(
                    "conflicts", ["2-" + String(format: "%032x", number), revision(1, "1")], #""n":\#(number).0"#)
            }
            let attachments = (0..<1000).map {
                #""file \#($0)":{"content_type":"text/plain","data":"\#(Data("content \($0 % 700)".utf8).base64EncodedString())"}"#
            }
            #expect(
                try await source.put(
                    "attachments", text: #"{"n":1.0,"_attachments":{\#(attachments.joined(separator: ","))}}"#))

            let backup = try await scene.backUp(options: ReplicationOptions())
            #expect(!backup.isIncomplete)
            let target = scene.beside("restored")
            let report = try await RestoreRun(of: try await scene.moment(backup.moment), to: target).run()
            #expect(report.isEqual, "\(report)")

            for id in written + ["seven megabytes", "200 revisions", "10000 revisions", "10500 revisions", "conflicts"]
            {
                for query in [["revs": "true"], ["conflicts": "true"]] {
                    let (before, after) = (
                        try await source.bytes(of: id, query: query), try await target.bytes(of: id, query: query)
                    )
                    let isEqual = before == after
                    #expect(
                        isEqual,
                        "\(id) \(String(decoding: before.prefix(200), as: UTF8.self)) \(String(decoding: after.prefix(200), as: UTF8.self))"
                    )
                }
            }
            // The order of the attachments is not kept by CouchDB; all else is compared with their bytes.
            let (before, after) = (try await scene.picture(), try await scene.picture(of: target))
            let isEqual = try before.unordered == after.unordered
            #expect(isEqual, "\(after.difference(from: before))")
            let large = try #require(before.first { $0.id == "attachments" })
            #expect(large.attachments.count == 1000)
            #expect(before.count { $0.id == "conflicts" } == 50)
            for (length, kept) in [(200, 200), (10_000, 10_000), (10_500, 10_000)] {
                #expect(before.first { $0.id.text == "\(length) revisions" }?.path.revisions.count == kept)
            }
            #expect(try await target.revisionsLimit() == 10_000)
            // As text and with the digests of the attachments too.
            let kept = try await LeafPicture.all(of: scene.moment(backup.moment))
            let isKept = kept == before
            #expect(isKept, "\(kept.difference(from: before))")
        }
    }
}
