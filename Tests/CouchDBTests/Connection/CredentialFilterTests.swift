import Testing

@testable import CouchDB

@Suite struct CredentialFilterTests {
    @Test(
        arguments: [
            ("http://admin:secret@h/db", "admin:secret"), ("--at=https://a:p@q@h:5984", "a:p@q"),
            ("http://admin:a b/c?d#e@h", "admin:a b/c?d#e"), ("http:/admin:secret@h/db", "admin:secret"),
            ("--name=HTTP:admin:secret@h/db", "admin:secret"), ("admin:secret@h:5984/db", "admin:secret"),
            ("vault:http://a:b@h/db", "a:b"), ("--at=admin:s=e@h:5984/db", "admin:s=e"),
            ("admin:s/e@[::1]:5984", "admin:s/e"), ("http://ann@h/", "ann"),
            ("http://h/db", nil), ("orders", nil), ("org.couchdb.user:ann@example.org", nil), ("ann@example.org", nil),
            ("a@http://h", nil), ("2026-11-20T14:00:00Z", nil),
        ] as [(String, String?)])
    func findsUserInformation(word: String, information: String?) {
        #expect(CredentialFilter.userInformation(of: word) == information)
    }

    @Test(arguments: [
        ("Unexpected argument 'http://admin:a b'c/d@h/db'", "Unexpected argument 'http://h/db'"),
        ("/vault/http:/admin:a b'c/d@h: no such file", "/vault/http:/h: no such file"),
        ("the URL “http://admin:a b'c/d” was cut", "the URL “http://…” was cut"),
        ("another: (https://x:y@host/), ops@example.org", "another: (https://host/), ops@example.org"),
        ("http://h/db, and mail to ops@example.org", "http://h/db, and mail to ops@example.org"),
        ("nothing of it", "nothing of it"), ("user:ann@example.org", "user:ann@example.org"),
    ])
    func filters(text: String, shown: String) {
        #expect(CredentialFilter(words: ["backup", "http://admin:a b'c/d@h/db"]).filtered(text) == shown)
    }

    @Test func otherSpellingsAreFound() {
        let filter = CredentialFilter(words: ["http://admin:a%20%22b@h/db"])
        #expect(filter.filtered("is admin:a%20%22b@h, admin:a \"b@h") == "is h, h")
        #expect(
            CredentialFilter(words: ["http://admin:a\"b@h"]).withoutKnown(#"{"a":"http://admin:a\"b@h"}"#)
                == #"{"a":"http://h"}"#)
    }

    /// A document of a user may be named like a URL; what nobody has typed is left in data as it is.
    @Test func dataIsLeftAlone() {
        let text = #"{"id":"http://x:y@h"}"#
        #expect(CredentialFilter(words: ["http://admin:secret@h"]).withoutKnown(text) == text)
        #expect(CredentialFilter(words: ["http://ann@h"]).withoutKnown("joann@h") == "joann@h")
    }
}
