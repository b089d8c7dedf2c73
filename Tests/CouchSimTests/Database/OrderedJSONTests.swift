import Foundation
import Testing

@testable import CouchSim

@Suite struct OrderedJSONTests {
    /// What CouchDB keeps comes back as it was.
    @Test(arguments: [
        #"{"b":1,"a":2,"b":3}"#, #"[1,1.5,-0.25,1e+300,123456789012345678901234567890,-7]"#, #""ä\"\\\n\t€𝄞""#, "[]",
        "{}",
        #"{"":[[],[{}]]}"#, "null", "true",
    ])
    func keepsOrderAndNumbers(_ text: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)).text == text)
    }

    @Test(arguments: [
        (#" { "a" : [ 1 , 2 ] } "#, #"{"a":[1,2]}"#), (#""\u00e4\ud834\udd1e\/""#, #""ä𝄞/""#), ("1.0", "1.0"),
        ("100e-2", "1.0"), (#""\u0001""#, #""\u0001""#),
    ])
    func normalizesTheRest(_ text: String, _ expected: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)).text == expected)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", "+1", "- 1", "\"\\x\"", "\"\u{1}\"", "\"\\ud834\"", "nul",
        "1 2",
        "[1", "\"a", "{\"a\" 1}", "1e999", String(repeating: "[", count: 600),
    ])
    func refusesWhatIsNoJSON(_ text: String) {
        #expect(throws: JSONParser.Invalid.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test func refusesBrokenUTF8() {
        #expect(throws: JSONParser.Invalid.self) { try JSONParser.parse([0x22, 0xC3, 0x28, 0x22]) }
    }
}
