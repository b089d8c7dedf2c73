import CouchDB
import Foundation
import Testing

@Suite struct RevisionIDTests {
    @Test(arguments: [
        "1-967a00dff5e02add41819138abb3284d", "12-00000000000000000000000000000000", "3-abc", "7-x-y", "0-1",
        "2-ÿ€", "9-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        // Tried on CouchDB 3.5.0: it takes these with new_edits=false, and serves them.
        "1-", "1-ABC é\n\"x", "123456789012345678901234567890-ab",
    ])
    func textFormIsKept(text: String) throws {
        let revision = try #require(RevisionID(text))
        #expect(revision.description == text)
        var bytes: [UInt8] = []
        revision.appendText(to: &bytes)
        #expect(bytes == Array(text.utf8))
        #expect(try JSONDecoder().decode(RevisionID.self, from: JSONEncoder().encode(revision)) == revision)
    }

    @Test(arguments: ["", "-", "1", "-abc", "+1-abc", "1 -abc", "x-abc", "-1-abc"])
    func otherTextIsRefused(text: String) {
        #expect(RevisionID(text) == nil)
    }

    @Test func upperCaseDigestIsTheSameRevision() {
        #expect(
            RevisionID("1-967A00DFF5E02ADD41819138ABB3284D") == RevisionID("1-967a00dff5e02add41819138abb3284d"))
        #expect(RevisionID("1-ABC") != RevisionID("1-abc"))
        #expect(RevisionID("1-\u{e9}") != RevisionID("1-e\u{301}"))
    }

    /// Ascending, as CouchDB orders them: a digest counts as its 16 bytes, other text as its own bytes.
    @Test func orderIsCouchDBs() throws {
        let ascending = try [
            "1-ffffffffffffffffffffffffffffffff", "2-00000000000000000000000000000001",
            "2-0000000000000001ffffffffffffffff", "2-60ffffffffffffffffffffffffffffff", "2-a",
            "2-a1", "2-b", "2-62000000000000000000000000000000", "2-eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
            "2-ffffffffffffffffffffffffffffffff", "10-0",
            "9223372036854775807-z", "9223372036854775808-0", "9223372036854775808-1", "11111111111111111111111-0",
        ].map { try #require(RevisionID($0)) }
        #expect(ascending.shuffled().sorted() == ascending)
    }

    @Test func pathReadsAndWritesRevisions() throws {
        let json = Data(#"{"ids":["c","b","a"],"start":5}"#.utf8)
        let path = try JSONDecoder().decode(RevisionPath.self, from: json)
        #expect(path.revisions == [RevisionID("5-c"), RevisionID("4-b"), RevisionID("3-a")])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try encoder.encode(path) == json)
        #expect(path.stemmed(to: 2).ids == ["c", "b"])
        #expect(path.stemmed(to: 9) == path)
    }

    @Test func impossiblePathsAreRefused() throws {
        #expect(RevisionPath(start: 1, ids: ["b", "a"]) == nil)
        #expect(RevisionPath(start: 1, ids: [String]()) == nil)
        #expect(RevisionPath([]) == nil)
        #expect(RevisionPath([try #require(RevisionID("3-a")), try #require(RevisionID("1-b"))]) == nil)
        #expect(RevisionPath([try #require(RevisionID("2-a")), try #require(RevisionID("1-b"))])?.start == 2)
    }

    @Test func leafSetIgnoresOrderAndRepetition() throws {
        let (a, b, c) = (
            try #require(RevisionID("1-a")), try #require(RevisionID("2-b")), try #require(RevisionID("2-c"))
        )
        #expect(LeafSet([c, a, b, a]) == [a, b, c])
        #expect(LeafSet([a, b]) != [a, c])
        #expect(LeafSet([a, b, c]).subtracting([b]) == [a, c])
        #expect(LeafSet([a, c]).contains(c))
        #expect(!LeafSet([a, c]).contains(b))
    }
}
