import Foundation
import Testing

@testable import CouchDB

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Data(text.utf8)) }

    @Test(
        arguments: [
            ("null", nil), (" true ", true), ("false\n", false), ("0", 0), ("-7", -7), ("1000", 1000), ("1.0", 1),
            ("1e3", 1000), ("-0.0", 0), ("1.5", 1.5), ("1e-3", 0.001), ("9223372036854775807", .integer(.max)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1e300", .number(1e300)),
            (#""a\n\u00fc\ud83d\udecb\/""#, "a\nü🛋/"), ("[]", []), ("[1,[2],{}]", [1, [2], [:]]), ("{}", [:]),
            (#"{"a":1,"b":{"c":[null]}}"#, ["a": 1, "b": ["c": [nil]]]), (#"{"a":1,"a":2}"#, ["a": 2]),
        ] as [(String, JSONValue)])
    func parses(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "01", "1.", "-", "+1", ".5", "1e", "nul",
        "truex", "1 2", "{}{}", "'a'", #""a"#, "\"\n\"", #""\x""#, #""\ud83d""#, "1e400", "NaN", "<html>", "\u{feff}1",
    ])
    func refuses(text: String) throws {
        let error = try #require(throws: CouchError.self) { try parse(text) }
        #expect(error.code == .malformedAnswer)
    }

    @Test func refusesWhatIsNotUTF8() {
        #expect(throws: CouchError.self) { try JSONValue(parsing: Data([0x22, 0xff, 0x22])) }
    }

    @Test func boundsTheDepth() throws {
        let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(try parse(deep(500)).array?.count == 1)
        #expect(throws: CouchError.self) { try parse(deep(100_000)) }
    }

    @Test(arguments: [
        "absent", "running-caught-up", "running-behind", "running-writes-refused", "transient", "server-answers",
        "crashing-unauthorized", "failed-duplicate", "error-filter-missing", "completed-one-shot", "pending-rotation",
    ])
    func agreesWithFoundation(name: String) throws {
        let url = try #require(Bundle.module.resourceURL).appending(path: "Recordings/\(name).json")
        let data = try Data(contentsOf: url)
        let value = try JSONValue(parsing: data)
        #expect(try JSONDecoder().decode(JSONValue.self, from: data) == value)
        #expect(try JSONValue(parsing: value.serialized()) == value)
    }
}
