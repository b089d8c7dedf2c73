import CouchDB
import Foundation
import Supervision
import Testing

@testable import Service

/// Which name a backup in the vault has where two servers have databases of one name.
@Suite struct VaultPairNamingTests {
    private static let names = ["production", "branch"]

    /// Runs the body with a pair of the database `orders` on each of two servers.
    private func withPairs(_ body: ([VaultPair]) -> Void) async throws {
        let connections = try Self.names.map {
            try ServerConnection(url: try ServerURL.parse("http://\($0):5984").url, authentication: .none)
        }
        body(
            zip(Self.names, connections).map { name, connection in
                VaultPair(
                    name: "orders", source: DatabaseAddress(server: name, database: "orders"),
                    database: CouchDatabase(server: connection, name: "orders"), mode: .manage,
                    thresholds: Thresholds())
            })
        for connection in connections { try await connection.shutdown() }
    }

    private func report(_ name: String, of server: String) -> PairReport {
        let light = Light(state: .ok, since: nil, summary: "")
        return PairReport(
            pair: name, source: Self.url(server), target: "vault:\(name)", mode: .manage,
            lights: Lights(replicating: light, verified: light, restorable: light), lag: Lag(changes: 0, seconds: 0),
            findings: [], repairs: [])
    }

    private static func url(_ server: String) -> String { "http://\(server):5984/orders" }

    @Test(
        arguments: [
            // Nobody knows anything: both are named with their servers.
            ([], [], ["production/orders", "branch/orders"]),
            // The one that was there keeps its name.
            ([("orders", "production")], [], ["orders", "branch/orders"]),
            ([("orders", "branch")], [], ["production/orders", "orders"]),
            // And goes on so.
            ([("orders", "production"), ("branch/orders", "branch")], [], ["orders", "branch/orders"]),
            (
                [("production/orders", "production"), ("branch/orders", "branch")], [],
                ["production/orders", "branch/orders"]
            ),
            // Where the report is lost, the vault knows.
            ([], [("orders", "production")], ["orders", "branch/orders"]),
            ([], [("orders", "branch"), ("production/orders", "production")], ["production/orders", "orders"]),
            // Another database's report, or another source's backup, says nothing.
            ([("invoices", "production")], [("orders", "elsewhere")], ["production/orders", "branch/orders"]),
            // The report outweighs what an earlier couchkeep left in the vault.
            ([("production/orders", "production")], [("orders", "production")], ["production/orders", "orders"]),
        ] as [([(String, String)], [(String, String)], [String])])
    func names(reported: [(String, String)], bound: [(String, String)], expected: [String]) async throws {
        try await withPairs { pairs in
            let naming = VaultPairNaming(
                remembered: reported.map { report($0.0, of: $0.1) },
                bindings: Dictionary(
                    uniqueKeysWithValues: bound.map { ($0.0, VaultBinding(source: Self.url($0.1), newest: nil)) }))
            #expect(naming.named(pairs).map(\.name) == expected)
            // The order of the configuration decides nothing.
            #expect(naming.named(pairs.reversed()).map(\.name) == expected.reversed())
        }
    }

    /// Two databases in one backup would end each other's past with each check.
    @Test func ofThoseThatWouldShareABackupOnlyItsOwnGoesOn() async throws {
        try await withPairs { pairs in
            let rivals = pairs.map { pair in
                var pair = pair
                pair.isRival = true
                return pair
            }
            #expect(VaultPairNaming(remembered: []).named(rivals).isEmpty)
            let known = VaultPairNaming(remembered: [report("orders", of: "branch")])
            #expect(known.named(rivals).map(\.source.server) == ["branch"])
            #expect(known.named(rivals).map(\.name) == ["orders"])
            let bound = VaultPairNaming(
                remembered: [], bindings: ["orders": VaultBinding(source: Self.url("production"), newest: nil)])
            #expect(bound.unknown(rivals).contains("orders"))
            #expect(bound.named(rivals).map(\.source.server) == ["production"])
        }
    }

    @Test func aloneAPairHasThePlainNameUnlessItsBackupHasTheOther() async throws {
        try await withPairs { pairs in
            let alone = [pairs[0]]
            #expect(VaultPairNaming(remembered: []).named(alone).map(\.name) == ["orders"])
            let known = VaultPairNaming(remembered: [report("production/orders", of: "production")])
            #expect(known.named(alone).map(\.name) == ["production/orders"])
            #expect(known.unknown(alone) == [] && known.unknown(pairs) == ["orders", "branch/orders"])
        }
    }

    @Test("A pair is gone where its server lists its databases, and the pair's is not among them")
    func gonePairs() async throws {
        try await withPairs { pairs in
            func gone(_ names: [String: [String]], besides chosen: [VaultPair] = []) -> [String] {
                VaultPair.gone(pairs, names: names, besides: chosen).map(\.source.server)
            }
            #expect(gone(["production": ["invoices"], "branch": ["orders"]]) == ["production"])
            #expect(gone(["production": []]) == ["production"], "what can't be listed is not known to be gone")
            #expect(gone(["production": [], "branch": []], besides: [pairs[0]]) == ["branch"], "a named one is tried")
            var off = pairs
            off[0].mode = .off
            #expect(VaultPair.gone(off, names: ["production": []], besides: []).isEmpty)
        }
    }

    @Test func ofTwoBackupsOfOneSourceTheNewerOneGoesOn() async throws {
        try await withPairs { pairs in
            let source = Self.url("production")
            let naming = VaultPairNaming(
                remembered: [],
                bindings: [
                    "orders": VaultBinding(source: source, newest: Date(timeIntervalSince1970: 1)),
                    "production/orders": VaultBinding(source: source, newest: Date(timeIntervalSince1970: 2)),
                ])
            #expect(naming.named(pairs).map(\.name) == ["production/orders", "orders"])
        }
    }
}
