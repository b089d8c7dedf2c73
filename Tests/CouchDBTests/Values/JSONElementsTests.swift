import CouchDB
import Foundation
import Testing

@Suite struct JSONElementsTests {
    @Test(arguments: [
        ("[]", []), (" [ ] ", []),
        ("[1.0,\t{\"b\":[1,2], \"a\":1.00},\"],[\" ,null]\n", ["1.0", "{\"b\":[1,2], \"a\":1.00}", "\"],[\"", "null"]),
    ])
    func keepsElementsAsTheyStand(text: String, elements: [String]) throws {
        // A part of other bytes, whose places don't begin at 0.
        let bytes = Data("xx\(text)".utf8).dropFirst(2)
        let found = try JSONElements(of: bytes).elements
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == elements)
    }

    @Test(arguments: ["", "{}", "1", "[1", "[1,]", "[1 2]", "[] []", "[x]"])
    func refusesWhatIsNoArray(text: String) {
        #expect(throws: CouchError.self) { try JSONElements(of: Data(text.utf8)) }
    }
}
