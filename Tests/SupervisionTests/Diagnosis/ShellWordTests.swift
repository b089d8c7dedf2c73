import Testing

@testable import Supervision

@Suite struct ShellWordTests {
    @Test(
        "A name is one word of a shell, whatever CouchDB lets it have",
        arguments: [
            ("orders", "orders"), ("team/a+b", "team/a+b"), ("p$(id)", "'p$(id)'"), ("", "''"), ("it's", #"'it'\''s'"#),
        ])
    func words(name: String, word: String) {
        #expect(ShellWord.quoted(name) == word)
        #expect(
            AdoptionStep.naming(name, in: "x: couchkeep check --adopt") == "x: couchkeep check --adopt --only \(word)")
    }
}
