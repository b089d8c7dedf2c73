import Service
import Testing

@Suite("Pairs that a configuration means")
struct PairExpansionTests {
    private func expand(
        _ pairs: String, _ databases: [String: [String]], more: String = ""
    ) throws -> PairExpansion {
        let loaded = try Samples.read(
            """
            servers: { a: { url: "http://a" }, b: { url: "http://b" }, c: { url: "http://c" } }
            pairs:
            \(pairs.split(separator: "\n").map { "  - { \($0) }" }.joined(separator: "\n"))
            \(more)
            """)
        return PairExpansion(loaded, databases: databases)
    }

    private func words(_ expansion: PairExpansion) -> [String] {
        expansion.pairs.map { "\($0.entry) \($0.source) \($0.target)" }
    }

    @Test func newDatabasesArePickedUp() throws {
        let pairs = #"source: a, target: b, databases: ["*"]"#
        #expect(words(try expand(pairs, ["a": ["x"]])) == ["0 a/x b/x"])
        #expect(words(try expand(pairs, ["a": ["x", "new"]])) == ["0 a/new b/new", "0 a/x b/x"])
    }

    @Test func patternWithoutDatabase() throws {
        let expansion = try expand(#"source: a, target: b, databases: [x, "y*"]"#, ["a": ["x"]])
        #expect(words(expansion) == ["0 a/x b/x"])
        #expect(expansion.issues.map(\.code) == [.unmatchedPattern])
        #expect(expansion.issues[0].position == FilePosition(line: 3, column: 29))
        #expect(expansion.issues[0].message.contains("\"y*\""))
    }

    /// A server that doesn't answer says nothing about patterns; what is named stays.
    @Test func unknownServer() throws {
        let expansion = try expand(#"source: a, target: b, databases: [x, "y*"]"#, [:])
        #expect(words(expansion) == ["0 a/x b/x"])
        #expect(expansion.issues.isEmpty)
        #expect(expansion.unprotected.isEmpty)
    }

    @Test func firstOfTwoEntriesCounts() throws {
        let expansion = try expand(
            "source: a, target: b, databases: [x]\nsource: a, target: b, databases: [\"*\"]", ["a": ["x", "y"]])
        #expect(words(expansion) == ["0 a/x b/x", "1 a/y b/y"])
        #expect(expansion.issues.map(\.code) == [.duplicatePair])
        #expect(expansion.issues[0].nextStep.contains("\"!x\""))
    }

    @Test func twoSourcesForOneTarget() throws {
        let expansion = try expand(
            "source: a, target: c, databases: [\"*\"]\nsource: b, target: c, databases: [\"*\"]",
            ["a": ["x", "y"], "b": ["x", "z"]])
        #expect(words(expansion) == ["0 a/y c/y", "1 b/z c/z"])
        #expect(expansion.issues.map(\.code) == [.targetCollision, .targetCollision])
    }

    @Test func bothWaysAndChainsAreFine() throws {
        let expansion = try expand(
            "source: a, target: b, databases: [\"*\"]\nsource: b, target: a, databases: [\"*\"]\n"
                + "source: b, target: c, databases: [\"*\"]", ["a": ["x"], "b": ["x"]])
        #expect(words(expansion) == ["0 a/x b/x", "1 b/x a/x", "2 b/x c/x"])
        #expect(expansion.issues.isEmpty)
        #expect(expansion.unprotected.isEmpty)
    }

    /// On one server the star fits the backups, too; backing these up would never end.
    @Test func onOneServerBackupsAreNotBackedUp() throws {
        let pairs = #"source: a, target: a, databases: ["*"], rename: "{name}-backup""#
        let expansion = try expand(pairs, ["a": ["x", "x-backup", "x-backup-backup", "y"]])
        #expect(words(expansion) == ["0 a/x a/x-backup", "0 a/y a/y-backup"])
        #expect(expansion.unprotected == ["a": ["x-backup-backup"]])
    }

    @Test func unprotectedDatabases() throws {
        let databases = ["a": ["x", "y", "scratch", "test-1", "_users"], "b": ["stray", "x"]]
        let pairs = #"source: a, target: b, databases: ["x*", "!scratch"]"#
        #expect(try expand(pairs, databases).unprotected == ["a": ["test-1", "y"]])
        #expect(
            try expand(pairs, databases, more: "unprotected: { ignore: [\"test-*\"] }").unprotected == ["a": ["y"]])
        #expect(try expand(pairs, databases, more: "unprotected: { report: false }").unprotected.isEmpty)
    }
}
