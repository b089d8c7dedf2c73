import Foundation
import Testing

@testable import CouchDB

@Suite struct DocumentFingerprintTests {
    private func fingerprint(_ document: String) throws -> DocumentFingerprint {
        try DocumentFingerprint(of: Data(document.utf8))
    }

    @Test(arguments: [
        (#"{"a":1,"b":{"c":[1,2],"d":null}}"#, #"{ "b" : {"d":null, "c":[ 1,2 ]}, "a":1 }"#),
        (#"{"a":"é\/😀\n"}"#, #"{"a":"\u00e9/\ud83d\ude00\u000a"}"#), (#"{"\u0061":true}"#, #"{"a":true}"#),
        (#"{"a":1000.0}"#, #"{"a":1e3}"#), (#"{"a":-0.0}"#, #"{"a":0.0}"#), (#"{"a":-0}"#, #"{"a":0}"#),
        (#"{"a":0.1}"#, #"{"a":0.1000000000000000055}"#),
        (#"{"_id":"x","_rev":"1-a","a":1}"#, #"{"a":1,"_revisions":{"start":1,"ids":["a"]},"_deleted":true}"#),
    ])
    func isEqualForOtherSpellings(_ left: String, _ right: String) throws {
        #expect(try fingerprint(left) == fingerprint(right))
    }

    @Test(arguments: [
        (#"{"a":1}"#, #"{"a":1.0}"#), (#"{"a":1}"#, #"{"a":-1}"#), (#"{"a":1}"#, #"{"a":"1"}"#),
        (#"{"a":9007199254740993}"#, #"{"a":9007199254740992}"#),
        (#"{"a":12345678901234567890123}"#, #"{"a":12345678901234567890124}"#),
        (#"{"a":12345678901234567890123}"#, #"{"a":-12345678901234567890123}"#),
        (#"{"a":0.1}"#, #"{"a":0.10000000000000002}"#), (#"{"a":"é"}"#, "{\"a\":\"e\u{301}\"}"),
        (#"{"a":[1,2]}"#, #"{"a":[2,1]}"#), (#"{"a":[]}"#, #"{"a":{}}"#), (#"{"a":[[],1]}"#, #"{"a":[[1]]}"#),
        (#"{"a":null}"#, "{}"), (#"{"a":null}"#, #"{"a":false}"#), (#"{"a":1,"a":2}"#, #"{"a":2,"a":1}"#),
        (#"{"a":1,"a":1}"#, #"{"a":1}"#), (#"{"a":{"b":1},"c":2}"#, #"{"a":{"b":1,"c":2}}"#),
        (#"{"ab":"c"}"#, #"{"a":"bc"}"#), (#"{"a":"b","c":"d"}"#, #"{"a":"d","c":"b"}"#),
        (#"{"_replication_state":"x"}"#, "{}"),
    ])
    func isAnotherOneForOtherContent(_ left: String, _ right: String) throws {
        #expect(try fingerprint(left) != fingerprint(right))
    }

    @Test(arguments: ["{", "[]", #"{"a":1e999}"#, #"{"a":"\ud800"}"#])
    func refusesWhatCouchDBHoldsNot(_ document: String) {
        #expect(throws: CouchError.self) { try fingerprint(document) }
    }

    @Test(arguments: SeededGenerator.seeds(30))
    func dependsOnTheContentAlone(_ seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        let members = (0..<6).map { number in (key: "k\(number)", value: random.value(depth: 4)) }
        let document = random.object(members)
        #expect(try fingerprint(document) == fingerprint(random.object(members.shuffled(using: &random.generator))))
        var changed = members
        changed[Int.random(in: 0..<6, using: &random.generator)].value = #""planted""#
        #expect(try fingerprint(document) != fingerprint(random.object(changed)))
    }

    @Test func takesAnyDepth() throws {
        let nested = String(repeating: #"{"b":1,"a":["#, count: 50_000) + String(repeating: "]}", count: 50_000)
        let deep = try fingerprint(#"{"a":\#(nested)}"#)
        #expect(try deep == fingerprint(#"{ "a" : \#(nested) }"#) && deep != fingerprint(#"{"b":\#(nested)}"#))
    }
}
