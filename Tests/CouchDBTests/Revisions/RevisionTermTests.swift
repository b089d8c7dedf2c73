import Foundation
import Testing

@testable import CouchDB

@Suite struct RevisionTermTests {
    private struct Recorded {
        var revision: RevisionID
        var served: String
        var term: RevisionTerm
    }

    private static func recorded() throws -> [Recorded] {
        let url = try #require(Bundle.module.resourceURL).appending(path: "Recordings/revision-hash.json")
        let entries = try #require(try JSONValue(parsing: Data(contentsOf: url))["revisions"]?.array)
        return try entries.map { entry in
            let served = try #require(entry["served"]?.string)
            return Recorded(
                revision: try #require(entry["rev"]?.string.flatMap { RevisionID($0) }), served: served,
                term: try term(
                    served, parent: entry["parent"]?.string.flatMap { RevisionID($0) },
                    isDeleted: entry["deleted"] == true))
        }
    }

    private static func term(_ served: String, parent: RevisionID?, isDeleted: Bool = false) throws -> RevisionTerm {
        let document = Data(served.utf8)
        let members = try DocumentMembers(of: document).attachments
        let attachments = members.compactMap { RevisionTerm.Attachment($0) }
        try #require(attachments.count == members.count)
        return try RevisionTerm(of: document, parent: parent, isDeleted: isDeleted, attachments: attachments)
    }

    /// Revisions that CouchDB 3.5.0 has computed. One holds -0.0, which is served as 0.0.
    @Test func computesWhatCouchDBComputes() throws {
        let recorded = try Self.recorded()
        #expect(recorded.count == 296)
        let others = recorded.filter { $0.term.hash != $0.revision.hash }
        #expect(others.map { $0.served.contains("0.0") } == [true])
        #expect(recorded.allSatisfy { $0.term.coverage(of: $0.revision) == .everything })
    }

    /// Each bit of a term counts: no recorded revision is explained by the content of another one.
    @Test func explainsNoOtherRevision() throws {
        let recorded = try Self.recorded()
        for (one, next) in zip(recorded, recorded.dropFirst()) where one.revision != next.revision {
            #expect(one.term.coverage(of: next.revision) == nil, "\(one.served)")
        }
        #expect(try #require(recorded.first).term.coverage(of: RevisionID(generation: 1, hash: "made-by-hand")) == nil)
    }

    @Test func isAnotherOneForAnyChangedByteOfTheContent() throws {
        let text =
            ##"{"_id":"x","a":[1,2.5,{"k":"vé"}],"_attachments":{"n":{"content_type":"t/p","digest":"md5-1B2M2Y8AsgTpgAmY7PhCfg==","stub":true}}}"##
        let hash = RevisionID(generation: 1, hash: try Self.term(text, parent: nil).hash)
        for (old, new) in [
            ("1,2.5", "2,1.5"), ("2.5", "2.500000000000001"), ("[1,", "[1.0,"), ("vé", "ve\u{301}"), ("\"a\"", "\"b\""),
            ("t/p", "t/q"), ("\"n\"", "\"m\""), ("1B2M", "1B2N"),
        ] {
            #expect(try Self.term(text.replacing(old, with: new), parent: nil).coverage(of: hash) == nil, "\(old)")
        }
        #expect(try Self.term(text, parent: nil, isDeleted: true).coverage(of: hash) == nil)
        #expect(try Self.term(text, parent: hash).coverage(of: hash) == nil)
        // Where the server puts its own members, and white space, make no difference.
        let moved =
            #"{ "a" : [1, 2.5 , {"k":"v\u00e9"}], "_rev":"1-x" ,"_id":"y","#
            + text.drop { $0 != "]" }.dropFirst(2)
        #expect(try Self.term(moved, parent: nil).coverage(of: hash) == .everything)
    }

    @Test(arguments: [
        #"{"_id":"x","n":1e999}"#, #"{"_id":"x","s":"\ud800"}"#, #"{"_id":"x","_access":[]}"#,
        "[]", #"{"_id":"x""#,
    ])
    func refusesWhatCouchDBHoldsNot(_ document: String) {
        #expect(throws: CouchError.self) {
            try RevisionTerm(of: Data(document.utf8), parent: nil, isDeleted: false)
        }
    }

    /// Converting many digits takes the square of their number.
    @Test func refusesANumberOfTooManyDigits() {
        let document = Data(#"{"n":1\#(String(repeating: "0", count: 100_000))}"#.utf8)
        #expect(throws: CouchError.self) { try RevisionTerm(of: document, parent: nil, isDeleted: false) }
    }

    /// CouchDB serves documents of millions of nested arrays.
    @Test func takesAnyDepth() throws {
        let nested = String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000)
        func hash(_ member: String) throws -> String {
            let document = Data(#"{"\#(member)":\#(nested)}"#.utf8)
            return try RevisionTerm(of: document, parent: nil, isDeleted: false).hash
        }
        #expect(try hash("a") == hash("a") && hash("a") != hash("b"))
    }
}
