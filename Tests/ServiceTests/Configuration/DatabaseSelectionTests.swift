import Service
import Testing

@Suite("Selection of databases")
struct DatabaseSelectionTests {
    private static let names = ["orders", "invoices", "scratch-1", "scratch-keep", "team/a", "_users", "_replicator"]

    private func selection(_ patterns: String..., rename: String = "{name}") throws -> DatabaseSelection {
        let list = patterns.map { $0.hasPrefix("{") ? $0 : "\"\($0)\"" }.joined(separator: ", ")
        let loaded = try Samples.read(
            """
            servers: { a: { url: "http://a" }, b: { url: "http://b" } }
            pairs: [{ source: a, target: b, databases: [\(list)], rename: "\(rename)" }]
            """)
        return loaded.configuration.pairs[0].databases
    }

    @Test func starMeansAllButSystemDatabases() throws {
        let match = try selection("*").matches(Self.names)
        #expect(match.selected.map(\.source) == ["invoices", "orders", "scratch-1", "scratch-keep", "team/a"])
        #expect(match.selected.allSatisfy { $0.source == $0.target })
        #expect(match.unmatchedPatterns.isEmpty && match.problems.isEmpty && match.missing.isEmpty)
    }

    @Test func lastFittingPatternDecides() throws {
        let match = try selection("*", "!scratch-*", "scratch-keep").matches(Self.names)
        #expect(match.selected.map(\.source) == ["invoices", "orders", "scratch-keep", "team/a"])
        #expect(match.excluded == ["scratch-1"])
        let other = try selection("scratch-keep", "*", "!scratch-*").matches(Self.names)
        #expect(other.selected.map(\.source) == ["invoices", "orders", "team/a"])
    }

    @Test(
        "An entry that takes back all that it selects is doubtful",
        arguments: [
            (["t1", "!t1"], true), (["t?", "!*"], true), (["*", "!*"], true), (["a*", "b", "!a*", "!b"], true),
            (["team/*", "!t*"], true), (["!x", "y", "!y"], true), (["t1", "!t?"], true),
            // Something may be left of these.
            (["*", "!scratch-*"], false), (["!*", "t1"], false), (["t1", "!t1", "t1"], false), (["t*", "!t?"], false),
            (["a*", "b", "!b"], false), (["t1"], false), (["t1", "!t2"], false), (["t?*", "!t??"], false),
        ] as [([String], Bool)])
    func exclusionsOfEverything(patterns: [String], isDoubtful: Bool) throws {
        let list = patterns.map { "\"\($0)\"" }.joined(separator: ", ")
        let loaded = try Samples.read(
            """
            servers: { a: { url: "http://a" }, b: { url: "http://b" } }
            pairs: [{ source: a, target: b, databases: [\(list)] }]
            """)
        #expect(loaded.configuration.pairs[0].databases.excludesAll == isDoubtful)
        let told = loaded.warnings.filter { $0.nextStep.hasPrefix("the last pattern that fits decides") }
        let expected: [ConfigurationIssue.Code] = isDoubtful ? [.doubtful] : []
        #expect(told.map(\.code) == expected)
        #expect(told.allSatisfy { $0.position?.line == 2 && $0.message.contains("databases excludes all") })
    }

    @Test func systemDatabasesMustBeNamed() throws {
        let match = try selection("*", "_users").matches(Self.names)
        #expect(match.selected.map(\.source).contains("_users"))
        #expect(!match.selected.map(\.source).contains("_replicator"))
        #expect(try selection("x", "_*").matches(Self.names).unmatchedPatterns == ["_*"])
    }

    /// CouchDB runs jobs from every database whose name ends so, and from no other.
    @Test func databasesThatRunJobsMustBeNamed() throws {
        let names = ["team/_replicator", "team/_users", "a_replicator"]
        #expect(try selection("*").matches(names).selected.map(\.source) == ["a_replicator", "team/_users"])
        let named = "{ source: team/_replicator, target: team/replicator_backup }"
        #expect(try selection("*", named).matches(names).selected.count == 3)
    }

    @Test func scratchesOfDrillsMustBeNamed() throws {
        let scratch = "couchkeep-drill-orders-0badf00d"
        let names = [scratch, "couchkeep-drill-notes"]
        #expect(try selection("*").matches(names).selected.map(\.source) == ["couchkeep-drill-notes"])
        #expect(try selection("*", scratch).matches(names).selected.count == 2)
    }

    @Test func namesAtTheTarget() throws {
        let match = try selection(
            "{ source: orders, target: orders_backup }", "*", rename: "from-{name}"
        ).matches(["orders", "invoices"])
        #expect(
            match.selected == [
                SelectedDatabase(source: "invoices", target: "from-invoices"),
                SelectedDatabase(source: "orders", target: "orders_backup"),
            ])
    }

    @Test func unmatchedAndMissing() throws {
        let match = try selection("ord*", "inv?", "!nothing-*", "gone").matches(Self.names)
        #expect(match.unmatchedPatterns == ["inv?"])
        #expect(match.missing == ["gone"])
        // Its loss must be noticed, so it stays selected.
        #expect(match.selected.map(\.source) == ["gone", "orders"])
    }

    @Test func collisionsAndBadNamesAreLeftOut() throws {
        let match = DatabaseSelection([
            .include(Glob("*")), .named("orders", target: "x"), .named("gone", target: "x"),
        ]).matches(Self.names)
        #expect(match.problems == [.collision(sources: ["gone", "orders"], target: "x")])
        #expect(!match.selected.contains { $0.target == "x" })
        #expect(match.rivals.map(\.source) == ["gone", "orders"] && match.rivals.allSatisfy { $0.target == "x" })
        let long = String(repeating: "n", count: 236)
        let other = try selection("*", rename: "b-{name}-b").matches([long, "ok"])
        #expect(other.problems == [.invalidTarget(source: long, target: "b-\(long)-b")])
        #expect(other.selected.map(\.source) == ["ok"])
    }

    /// On one server the star fits the backups, too; backing these up would never end.
    @Test func backupsOnTheSameServerAreNotBackedUp() throws {
        let databases = try selection("*", "y-backup", rename: "{name}-backup")
        let names = ["x", "x-backup", "x-backup-backup", "y", "y-backup"]
        var pair = PairConfiguration(source: "a", target: .server("a"), databases: databases)
        let selected = pair.withoutBackupsOfBackups(databases.matches(names).selected)
        #expect(selected.map(\.source) == ["x", "y", "y-backup"])
        pair.target = .server("b")
        #expect(pair.withoutBackupsOfBackups(databases.matches(names).selected).count == names.count)
    }

    @Test(arguments: [
        ("*", "", true), ("", "", true), ("", "a", false), ("?", "", false), ("a*b", "ab", true), ("a*b", "acb", true),
        ("a*b", "abc", false), ("**", "x", true), ("*a*a", "aa", true), ("*a*a", "a", false), ("??", "ab", true),
        ("a?c*", "abcdef", true), ("*/a", "team/a", true), ("A*", "abc", false),
    ])
    func globs(pattern: String, name: String, fits: Bool) {
        #expect(Glob(pattern).matches(name) == fits)
    }

    /// Against a slow matcher that is plainly right.
    @Test func globsLikeTheSlowMatcher() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed of globsLikeTheSlowMatcher: \(seed)")
        var generator = SeededGenerator(seed: seed)
        func text(_ letters: String, upTo length: Int) -> String {
            String(
                (0..<Int.random(in: 0...length, using: &generator)).map { _ in
                    letters.randomElement(using: &generator) ?? "a"
                })
        }
        var fitting = 0
        for _ in 0..<20_000 {
            let pattern = text("ab*?", upTo: 6)
            let name = text("ab", upTo: 7)
            let expected = slowMatch(Array(pattern), Array(name))
            #expect(Glob(pattern).matches(name) == expected, "\(pattern) on \(name), seed \(seed)")
            fitting += expected ? 1 : 0
        }
        #expect(fitting > 1000)
    }

    private func slowMatch(_ pattern: [Character], _ name: [Character]) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        let rest = Array(pattern.dropFirst())
        if first == "*" { return (0...name.count).contains { slowMatch(rest, Array(name.dropFirst($0))) } }
        guard let letter = name.first, first == "?" || first == letter else { return false }
        return slowMatch(rest, Array(name.dropFirst()))
    }

    /// Many stars on a long name take no time to speak of: a naive matcher would not come back.
    @Test(.timeLimit(.minutes(1))) func manyStars() {
        let pattern = String(repeating: "a*", count: 60) + "b"
        #expect(!Glob(pattern).matches(String(repeating: "a", count: 238)))
    }

    /// Whatever the patterns: each source once, each target once, and nothing that CouchDB would refuse.
    @Test func selectionsAreSane() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed of selectionsAreSane: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let names = ["a", "ab", "b", "ba", "_users", "a-x", "b-x"]
        func pattern() -> DatabasePattern {
            let glob = Glob(["*", "a*", "?", "b*", "*-x", "zz*"].randomElement(using: &generator) ?? "*")
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: return .include(glob)
            case 1: return .exclude(glob)
            case 2: return .named(names.randomElement(using: &generator) ?? "a", target: nil)
            default:
                return .named(
                    names.randomElement(using: &generator) ?? "a", target: names.randomElement(using: &generator))
            }
        }
        for _ in 0..<2000 {
            let selection = DatabaseSelection(
                (0..<Int.random(in: 1...5, using: &generator)).map { _ in pattern() },
                rename: RenameTemplate(text: ["{name}", "{name}-x"].randomElement(using: &generator) ?? "") ?? .same)
            let match = selection.matches(names.shuffled(using: &generator))
            #expect(Set(match.selected.map(\.source)).count == match.selected.count, "\(selection), seed \(seed)")
            #expect(Set(match.selected.map(\.target)).count == match.selected.count, "\(selection), seed \(seed)")
            #expect(match.selected.allSatisfy { DatabaseNaming.isValid($0.target) }, "\(selection), seed \(seed)")
            #expect(Set(match.selected.map(\.source)).isDisjoint(with: match.excluded), "\(selection), seed \(seed)")
            #expect(match == selection.matches(names), "the order of the names counts, seed \(seed)")
        }
    }
}
