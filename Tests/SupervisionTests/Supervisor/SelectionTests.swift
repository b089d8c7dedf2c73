import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct SelectionTests {
    @Test("A glob picks up a new database in the next pass")
    func newDatabase() async throws {
        try await withHousehold(.init(databases: nil)) { home in
            home.source.makeDatabases("orders")
            try await home.settle()
            home.source.makeDatabases("fresh")
            try home.source.fill("fresh", count: 3)
            #expect(try await home.check().done == ["fresh: create-target", "fresh: create-replication"])
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied("fresh"))
        }
    }

    @Test("A database that no pair covers is reported")
    func unprotected() async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders", "forgotten")
            let report = try await home.check()
            #expect(report.unprotected == ["production/forgotten"])
            #expect(report.servers.flatMap(\.findings).map(\.rule) == ["database-unprotected"])
        }
    }

    @Test("Databases whose names need escaping are pairs like others")
    func names() async throws {
        try await withHousehold(.init(databases: nil)) { home in
            for name in ["a/b", "a+b", "a(b)$c"] {
                home.source.makeDatabases(name)
                try home.source.fill(name, count: 2)
            }
            try await home.settle()
            for name in ["a/b", "a+b", "a(b)$c"] { #expect(try home.isCopied(name)) }
        }
    }

    @Test("A source that can't list its databases keeps the pairs it had")
    func unlisted() async throws {
        try await withHousehold(.init(databases: nil)) { home in
            home.source.makeDatabases("invoices", "orders")
            try await home.settle()
            home.source.faults.add(Fault(Fault.serverError, pathPrefix: "/_all_dbs"))
            let report = try await home.check()
            #expect(report.pairs.map(\.pair) == ["invoices", "orders"])
            #expect(report.problems == ["production: databases-unlisted"])
            #expect(report.pairs.allSatisfy { $0.lights.replicating.state == .ok })
        }
    }

    @Test("A source that answers, but says nothing of itself, is told by the first check already")
    func unlistedFromTheBeginning() async throws {
        try await withHousehold(.init(databases: nil)) { home in
            home.source.makeDatabases("orders")
            for path in ["/_session", "/_all_dbs"] {
                home.source.faults.add(Fault(.failure(status: 404, error: "not_found", reason: "x"), pathPrefix: path))
            }
            let report = try await home.check()
            #expect(report.pairs.isEmpty && report.problems == ["production: databases-unlisted"])
        }
    }

    @Test("After the clock was set back, graces end and findings are still told")
    func clockBack() async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 3)
            try await home.settle()
            home.clock.advance(365 * 86400)
            try home.target.dropDatabase("orders")
            #expect(try await home.check().done.contains("orders: create-target"))
            try #require(try await home.checkLater().verdict == .ok)
            home.clock.advance(-365 * 86400)
            #expect(try await home.check().verdict == .ok)
            try home.target.delete(home.documentID(), in: "_replicator")
            try await home.target.scheduler.forgets(home.documentID())
            home.clock.advance(3600)
            let report = try await home.check()
            #expect(report.done == ["orders: create-replication"], "\(report.pairs)")
            #expect(try await home.checkLater().verdict == .ok)
        }
    }
}
