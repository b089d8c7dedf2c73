import CouchDB
import Foundation
import Supervision
import Testing

@testable import Service

/// Which pairs come of a configuration and of what the servers have.
@Suite struct ConfiguredPairsTests {
    private func pairs(_ yaml: String, more: String = "") throws -> ConfiguredPairs {
        let text = """
            servers:
              a: { url: "http://a:5984" }
              b: { url: "http://b:5984" }
              c: { url: "http://c:5984" }
            pairs:
            \(yaml.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
            \(more)
            """
        return ConfiguredPairs(try Samples.read(text).configuration)
    }

    private func select(
        _ pairs: ConfiguredPairs, _ names: [String: [String]], remembered: Set<DatabaseAddress> = [],
        supervised: Set<RememberedPair> = [], unknown: Set<String> = []
    ) -> PairSelection {
        var observed = names.mapValues { Observed.known($0) }
        for server in unknown { observed[server] = .unknown(CouchError(.unreachable, "down")) }
        let sources = remembered.map { RememberedPair(source: $0, target: nil) }
        return pairs.select(names: observed, remembered: supervised.union(sources))
    }

    @Test func patternsPickUpWhatIsThere() throws {
        let pairs = try pairs(#"- { source: a, target: b, databases: ["*", "!scratch-*"], rename: "copy-{name}" }"#)
        #expect(pairs.sources == ["a"])
        let found = select(pairs, ["a": ["_users", "orders", "scratch-1", "invoices"]])
        #expect(found.pairs.map(\.name) == ["invoices", "orders"])
        #expect(found.pairs.map(\.target.database) == ["copy-invoices", "copy-orders"])
        #expect(found.pairs.map(\.key) == ["a/invoices -> b/copy-invoices", "a/orders -> b/copy-orders"])
        #expect(found.unprotected.isEmpty && found.unmatched.isEmpty && found.conflicts.isEmpty)
        // A new database is a new pair.
        #expect(select(pairs, ["a": ["orders", "new"]]).pairs.map(\.name) == ["new", "orders"])
    }

    /// A new database that would get the name of another one's backup ends nobody's backup.
    @Test func withinAnEntryTheTargetStaysWithTheOneThatHasIt() throws {
        let pairs = try pairs(
            #"- { source: a, target: b, databases: ["arch*", { source: orders, target: archive }] }"#)
        let names = ["a": ["orders", "archive", "archive2"]]
        let none = select(pairs, names)
        #expect(none.pairs.map(\.source.database) == ["archive2"])
        #expect(none.conflicts["a"]?.allSatisfy { $0.contains("none is backed up into it") } == true)
        let holder = RememberedPair(
            source: DatabaseAddress(server: "a", database: "orders"),
            target: DatabaseAddress(server: "b", database: "archive"))
        let held = select(pairs, names, supervised: [holder])
        #expect(held.pairs.map(\.source.database).sorted() == ["archive2", "orders"])
        #expect(
            held.conflicts["a"]?.count == 1
                && held.conflicts["a"]?[0].contains("it stays the backup of a/orders") == true)
    }

    @Test func whatGoesIntoTheVaultIsToldToo() throws {
        let pairs = try pairs(
            #"- { source: a, target: vault, databases: ["arch*", "ordrs-*", { source: orders, target: archive }] }"#,
            more: "vault: { path: /v }")
        let found = select(pairs, ["a": ["orders", "archive"]])
        #expect(found.pairs.isEmpty && found.unprotected.isEmpty)
        #expect(found.unmatched == ["a": ["ordrs-*"]])
        #expect(found.conflicts["a"]?.count == 1, "\(found.conflicts)")
        #expect(
            found.conflicts["a"]?.first?.contains("archive, orders would all be backed up into archive of the vault")
                == true)
    }

    @Test("No name that comes out at a server runs documents as replications; in the vault none does")
    func namesThatRunJobs() throws {
        let pairs = try pairs(#"- { source: a, target: b, databases: ["*"], rename: "{name}/_replicator" }"#)
        let found = select(pairs, ["a": ["orders"]])
        #expect(found.pairs.isEmpty)
        #expect(found.conflicts["a"]?.first?.contains("orders/_replicator, where its documents would run") == true)
        let vaulted = try self.pairs("- { source: a, target: vault, databases: [team/_replicator] }")
        #expect(select(vaulted, ["a": ["team/_replicator"]]).conflicts.isEmpty)
    }

    /// An earlier couchkeep made a pair of it, whose replication document is still there.
    @Test func whatStillCopiesJobsIsToldUntilItIsExcluded() throws {
        let name = "team/_replicator"
        let known = RememberedPair(
            source: DatabaseAddress(server: "a", database: name), target: DatabaseAddress(server: "b", database: name))
        let found = select(
            try pairs(#"- { source: a, target: b, databases: ["team/*"] }"#), ["a": [name, "team/x"]],
            supervised: [known])
        #expect(found.pairs.map(\.source.database) == ["team/x"] && found.unprotected == ["a": [name]])
        #expect(found.conflicts["a"]?.count == 1, "\(found.conflicts)")
        #expect(found.conflicts["a"]?.first?.contains("delete the document couchkeep-team--replicator-") == true)
        let excluded = select(
            try pairs(#"- { source: a, target: b, databases: ["team/*", "!team/_replicator"] }"#),
            ["a": [name, "team/x"]],
            supervised: [known])
        #expect(excluded.conflicts.isEmpty && excluded.unprotected.isEmpty)
    }

    @Test func anotherNameAtTheTarget() throws {
        let pairs = try pairs(
            #"- { source: a, target: b, databases: ["*", { source: orders, target: orders_backup }], rename: "x-{name}" }"#
        )
        let found = select(pairs, ["a": ["orders", "invoices"]])
        #expect(found.pairs.map(\.target.database) == ["x-invoices", "orders_backup"])
    }

    @Test func namesAreMadeUnique() throws {
        let pairs = try pairs(
            """
            - { source: a, target: b, databases: [orders, own] }
            - { source: c, target: b, databases: [orders], rename: "c-{name}" }
            - { source: a, target: c, databases: [orders], rename: "a-{name}" }
            """)
        let found = select(pairs, ["a": ["orders", "own"], "c": ["orders"]])
        #expect(
            found.pairs.map(\.name).sorted() == ["a/orders to b/orders", "a/orders to c/a-orders", "c/orders", "own"])
        #expect(Set(found.pairs.map(\.name)).count == found.pairs.count)
    }

    @Test func whatNoPairCoversIsUnprotected() throws {
        let pairs = try pairs(
            #"- { source: a, target: b, databases: ["o*", "!old"] }"#, more: "unprotected: { ignore: [\"test-*\"] }")
        let found = select(pairs, ["a": ["orders", "old", "test-1", "invoices", "_users", "archive"]])
        #expect(found.unprotected == ["a": ["archive", "invoices"]])
        let quiet = try self.pairs(
            #"- { source: a, target: b, databases: ["o*"] }"#, more: "unprotected: { report: false }")
        #expect(select(quiet, ["a": ["orders", "invoices"]]).unprotected.isEmpty)
    }

    @Test func aBackupNeedsNoBackup() throws {
        let pairs = try pairs(
            """
            - { source: a, target: b, databases: ["*"] }
            - { source: b, target: c, databases: [own] }
            """)
        let found = select(pairs, ["a": ["orders"], "b": ["own", "orders", "stray"]])
        #expect(found.unprotected == ["b": ["stray"]])
    }

    @Test func aDatabaseThatHasVanishedStaysAPair() throws {
        let pairs = try pairs(#"- { source: a, target: b, databases: ["*", "!gone-*"] }"#)
        let remembered: Set = [
            DatabaseAddress(server: "a", database: "orders"), DatabaseAddress(server: "a", database: "gone-1"),
            DatabaseAddress(server: "c", database: "foreign"),
        ]
        let found = select(pairs, ["a": ["invoices"]], remembered: remembered)
        // What was excluded meanwhile, and another server's, are not its business.
        #expect(found.pairs.map(\.name) == ["invoices", "orders"])
    }

    @Test func aServerThatCannotBeAskedKeepsItsPairs() throws {
        let pairs = try pairs(#"- { source: a, target: b, databases: ["*", named] }"#)
        let found = select(
            pairs, [:], remembered: [DatabaseAddress(server: "a", database: "orders")], unknown: ["a"])
        #expect(found.pairs.map(\.name) == ["named", "orders"])
        #expect(found.unprotected.isEmpty)
        // Nothing is known of what its patterns match.
        #expect(found.unmatched.isEmpty)
    }

    @Test func patternsThatMatchNothingAreNamed() throws {
        let pairs = try pairs(#"- { source: a, target: b, databases: [orders, "invoice-*", "o*"] }"#)
        #expect(select(pairs, ["a": ["orders"]]).unmatched == ["a": ["invoice-*"]])
        #expect(select(pairs, ["a": ["orders", "invoice-1"]]).unmatched.isEmpty)
    }

    @Test func aNamedDatabaseIsAPairEvenWhereItIsNotThere() throws {
        let pairs = try pairs("- { source: a, target: b, databases: [orders] }")
        #expect(select(pairs, ["a": []]).pairs.map(\.name) == ["orders"])
    }

    private static let rivals = """
        - { source: a, target: b, databases: ["*"] }
        - { source: c, target: b, databases: ["*"] }
        """

    @Test func ofTwoSourcesOfOneTargetNoneIsCopiedThere() throws {
        let found = select(try pairs(Self.rivals), ["a": ["orders", "one"], "c": ["orders", "two"]])
        #expect(found.pairs.map(\.key) == ["a/one -> b/one", "c/two -> b/two"])
        #expect(found.conflicts.keys.sorted() == ["a", "c"])
        for server in ["a", "c"] {
            let text = found.conflicts[server]?.first ?? ""
            #expect(text.contains("a/orders and c/orders") && text.contains("none is backed up"), "\(found.conflicts)")
        }
    }

    @Test(
        "A new database does not take over the backup of another, wherever it stands in the file",
        arguments: ["a", "c"])
    func theOneThatWasThereStays(server: String) throws {
        func address(_ server: String) -> DatabaseAddress { DatabaseAddress(server: server, database: "orders") }
        let known = RememberedPair(source: address(server), target: address("b"))
        let other = server == "a" ? "c" : "a"
        // That the other one had a backup elsewhere makes no difference.
        let elsewhere = RememberedPair(source: address(other), target: DatabaseAddress(server: "b", database: "old"))
        let names = ["a": ["orders"], "c": ["orders"]]
        let found = select(try pairs(Self.rivals), names, supervised: [known, elsewhere])
        #expect(found.pairs.map(\.key) == ["\(server)/orders -> b/orders"])
        #expect(found.conflicts.keys.sorted() == [other])
        #expect(found.conflicts[other]?.first?.contains("it stays the backup of \(server)/orders") == true)

        let both = RememberedPair(source: address(other), target: address("b"))
        #expect(select(try pairs(Self.rivals), names, supervised: [known, both]).pairs.isEmpty)
    }

    @Test func twoEntriesOfOnePairAreOne() throws {
        let pairs = try pairs(
            #"""
            - { source: a, target: b, databases: ["o*"] }
            - { source: a, target: b, databases: ["*s"] }
            """#)
        let found = select(pairs, ["a": ["orders"]])
        #expect(found.pairs.map(\.key) == ["a/orders -> b/orders"])
        #expect(found.conflicts["a"] == ["two entries make the pair a/orders -> b/orders"])
    }

    @Test func thePairsSettingsAreThoseOfTheFile() throws {
        let pairs = try pairs(
            """
            - source: a
              target: b
              databases: [orders]
              run_on: source
              mode: watch
              create_target: false
              compare_security: false
              thresholds: { lag_warning: 1m, lag_critical: 2m, changes_warning: 7, pending_for: 3m, stalled_for: 4m, crashes_per_hour: 5, mass_deletion: 6% }
              repairs: { per_hour: 2, backoff: 5s, max_backoff: 6s }
            """)
        let pair = try #require(select(pairs, ["a": ["orders"]]).pairs.first)
        #expect(pair.runOn == .source && pair.coordinator == "a")
        #expect(pair.mode == .watch && !pair.createsTarget && !pair.comparesSecurity)
        let limits = pair.thresholds
        #expect(limits.lagWarning == 60 && limits.lagCritical == 120 && limits.lagChangesWarning == 7)
        #expect(limits.pendingFor == 180 && limits.stalledFor == 240 && limits.crashesPerHour == 5)
        #expect(limits.massDeletionShare == 0.06)
        #expect(pair.budget.repairsPerHour == 2 && pair.budget.firstPause == 5 && pair.budget.longestPause == 6)
    }
}
