import CouchDB
import Testing

/// Which database answers, in the forms of different versions.
@Suite struct DatabaseIdentityTests {
    private static func identity(_ time: String, _ more: [String: JSONValue] = [:]) throws -> String? {
        let answer: [String: JSONValue] = [
            "db_name": "orders", "doc_count": 1, "update_seq": 1, "instance_start_time": .string(time),
        ]
        return try DatabaseInfo(answer: .object(answer.merging(more) { $1 })).identity
    }

    @Test func fromThreeThreeOnItIsTheTimeOfCreation() throws {
        #expect(try Self.identity("1795505073", ["cluster": ["q": 2, "n": 1]]) == "1795505073")
    }

    @Test func beforeItCannotBeKnown() throws {
        // 2.0 to 3.2
        #expect(try Self.identity("0", ["cluster": ["q": 8, "n": 3]]) == nil)
        // 1.x: when the file was opened
        #expect(try Self.identity("1420156799102034", ["committed_update_seq": 1, "disk_size": 100]) == nil)
    }
}
