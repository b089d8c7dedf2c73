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
        unknown: Set<String> = []
    ) -> PairSelection {
        var observed = names.mapValues { Observed.known($0) }
        for server in unknown { observed[server] = .unknown(CouchError(.unreachable, "down")) }
        return pairs.select(names: observed, remembered: remembered)
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

    @Test func twoSourcesOfOneTargetAreAConflictAndTheFirstStays() throws {
        let pairs = try pairs(
            #"""
            - { source: a, target: b, databases: ["*"] }
            - { source: c, target: b, databases: ["*"] }
            """#)
        let found = select(pairs, ["a": ["orders", "one"], "c": ["orders", "two"]])
        #expect(found.pairs.map(\.key) == ["a/one -> b/one", "a/orders -> b/orders", "c/two -> b/two"])
        #expect(found.conflicts.keys.sorted() == ["c"])
        #expect(found.conflicts["c"]?.first?.contains("a/orders and c/orders") == true, "\(found.conflicts)")
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
