import Testing

@testable import Supervision

@Suite struct ShellWordTests {
    @Test("A step that people paste into a shell quotes the pair's name", arguments: [Pair.Mode.manage, .watch])
    func inFindings(mode: Pair.Mode) {
        var scene = Scene.watched()
        (scene.pair.name, scene.pair.mode) = ("p$(id)", mode)
        scene.report(failures: 1)
        let command = mode == .manage ? "check --rescan" : "repair"
        #expect(scene.finding(WritesRefused.name)?.next.hasSuffix("couchkeep \(command) 'p$(id)'") == true)
    }

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
