import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Replication

/// What a replication document leaves out.
@Suite(.timeLimit(.minutes(2))) struct ReplicationPartTests {
    private func part(_ document: JSONValue) throws -> ReplicationPart? {
        ReplicationPart(try ReplicationDocument(answer: document))
    }

    @Test func onlyRestrictionsMakeAPart() throws {
        #expect(try part(["_id": "r", "source": "a", "target": "b", "filter": .null]) == nil)
        #expect(
            try part(["_id": "r", "filter": "app/some", "since_seq": 5])?.others == ["filter app/some", "since_seq"])
        let listed = try part(["_id": "r", "doc_ids": ["a"]])
        #expect(listed?.isUnlisted("a") == false && listed?.isUnlisted("b") == true)
        #expect(try part(["_id": "r", "selector": ["a": 1]])?.isUnlisted("b") == nil)
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, "no CouchDB is installed")) func aSourceTellsWhatASelectorMatches()
        async throws
    {
        try await withRealServer { connection in
            let source = connection.database("orders")
            try await source.create()
            for (id, member) in ["van": "van", "car": "car", "gone": "van"] {
                _ = try await source.putDocument(id, members: [member: true])
            }
            let revision = try #require(try await source.document("gone")?["_rev"]?.string)
            _ = try await source.putDocument("gone", members: ["_rev": .string(revision), "_deleted": true])
            let part = try #require(try part(["_id": "r", "selector": ["van": true]]))
            #expect(try await part.isUnselected("van", in: source) == false)
            #expect(try await part.isUnselected("car", in: source) == true)
            #expect(try await part.isUnselected("gone", in: source) == nil, "a tombstone is not found by any selector")
        }
    }
}
