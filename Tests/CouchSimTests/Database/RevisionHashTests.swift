import CouchDB
import Foundation
import Testing

@testable import CouchSim

@Suite struct RevisionHashTests {
    /// Revisions that a real server computed.
    @Test func computesWhatCouchDBComputes() throws {
        let file = try #require(
            Bundle.module.url(forResource: "revisions", withExtension: "json", subdirectory: "Recordings"))
        let recorded = try #require(try JSONValue(parsing: Data(contentsOf: file))["revisions"]?.array)
        #expect(recorded.count > 50)
        for entry in recorded {
            let served = try #require(entry["served"]?.string)
            let members = try #require(try JSONParser.parse(Array(served.utf8)).members).filter { $0.name.first != "_" }
            let expected = try #require(entry["rev"]?.string.flatMap { RevisionID($0) })
            let hash = try RevisionHash.hash(
                parent: entry["parent"]?.string.flatMap { RevisionID($0) }, isDeleted: entry["deleted"] == true,
                members: members, attachments: [])
            #expect(hash == expected.hash, "\(served)")
        }
    }
}
