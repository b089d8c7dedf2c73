import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct EndpointSpellingTests {
    @Test(
        "Spellings of one address are one",
        arguments: [
            ("http://h:5984/a/", "http://h:5984/a"), ("HTTP://H:5984/a", "http://h:5984/a"),
            ("http://u:p@h/a", "http://h/a"), ("http://u:p%40x@h:80/a//", "http://h/a"),
            ("https://h:443/a", "https://h/a"),
            ("https://h:80/a", "https://h:80/a"), ("http://h/a%2Fb", "http://h/a/b"),
            ("http://h/a%2bb", "http://h/a+b"),
            ("http://h/pre/fix/db", "http://h/pre/fix/db"), ("http://[::1]:5984/a", "http://[::1]:5984/a"),
            ("http://h", "http://h"), ("orders", "orders"), ("a%2Fb", "a/b"), ("orders/", "orders"), ("", ""),
            ("http://h/Case", "http://h/Case"), ("http://h/100%", "http://h/100%"),
        ])
    func normalized(text: String, expected: String) {
        // What is one address is one place.
        #expect(EndpointSpelling.place(text) == EndpointSpelling.place(expected) || expected.contains("%"))
        #expect(EndpointSpelling.normalized(text) == expected)
        #expect(EndpointSpelling.normalized(expected) == expected || expected.contains("%"))
    }

    @Test("No password survives")
    func secrets() {
        #expect(!EndpointSpelling.normalized("https://user:hunter2@h/a").contains("hunter2"))
    }

    @Test(
        "A place is what a replication id is made of: no scheme, and three ports that count as none",
        arguments: [
            ("http://h/a", "h/a"), ("https://u:p@H/a/", "h/a"), ("http://h:80/a", "h/a"), ("http://h:5984/a", "h/a"),
            ("https://h:443/a", "h/a"), ("https://h:5984/a", "h:5984/a"), ("http://h:6984/a", "h:6984/a"),
            ("http://[::1]:5984/a", "[::1]/a"), ("http://h:5984", "h"), ("orders", "orders"), ("", ""),
        ])
    func place(text: String, expected: String) {
        #expect(EndpointSpelling.place(text) == expected)
    }
}
