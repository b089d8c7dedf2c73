import CouchDB
import Foundation
import Secrets
import Testing

@testable import CouchSim
@testable import Supervision

/// CouchDB 1.x and 2.x: no scheduler, other shapes, numbers for sequences.
@Suite(.timeLimit(.minutes(5))) struct OldServerTests {
    static let versions = [
        ServerVersion(1, 7, 1), ServerVersion(2, 1, 2), ServerVersion(2, 3, 1), ServerVersion(3, 1, 2),
    ]

    @Test("The whole story on each version, and from old to new", arguments: versions, [true, false])
    func story(version: ServerVersion, isTargetOld: Bool) async throws {
        try await withHousehold(
            sourceVersion: version, targetVersion: isTargetOld ? version : ServerVersion(3, 5)
        ) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 20)
            var report = try await home.check()
            #expect(report.done == ["orders: create-target", "orders: create-replication"])
            report = try await home.checkLater()
            // A new 3.x database is for administrators, and the source is the measure.
            #expect(report.problems == [], "\(report.pairs)")
            #expect(try home.isCopied())
            #expect(report.pairs[0].lag.changes == 0)
            home.forgetRequests()
            _ = try await home.check()
            #expect(home.writes == [:])
            try home.target.delete(home.documentID(), in: "_replicator")
            try await home.target.scheduler.forgets(home.documentID())
            try home.source.fill("orders", prefix: "later", count: 3)
            home.clock.advance(60)
            #expect(try await home.check().done == ["orders: create-replication"])
            report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
            #expect(try home.isCopied())
        }
    }

    @Test("A transient job becomes a document", arguments: versions)
    func transient(version: ServerVersion) async throws {
        try await withHousehold(sourceVersion: version, targetVersion: version) { home in
            home.source.makeDatabases("orders")
            home.target.makeDatabases("orders")
            try home.source.fill("orders", count: 3)
            let connection = try ServerConnection(
                url: try ServerURL(home.target.baseURL),
                authentication: .basic(user: "admin", password: home.target.password))
            _ = try await connection.replicate(try #require(home.handwritten().object))
            // It is in no list before it runs.
            while try await connection.activeReplications().isEmpty { await Task.yield() }
            try await connection.shutdown()
            #expect(try await home.check().done == ["orders: make-durable"])
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
        }
    }

    @Test("A rollback is found and mended", arguments: versions)
    func rolledBack(version: ServerVersion) async throws {
        try await withHousehold(sourceVersion: version, targetVersion: version) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 20)
            try await home.settle()
            let snapshot = try home.target.snapshot(of: "orders")
            try home.source.fill("orders", prefix: "lost", count: 4)
            try #require(try await home.checkLater().verdict == .ok)
            try await home.target.stop()
            try home.target.rollback(to: snapshot)
            try await home.target.start()
            home.clock.advance(60)
            try await home.target.scheduler.idle()
            var report = try await home.check()
            #expect(report.done == ["orders: reset-checkpoints"], "\(report.pairs)")
            report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.pairs)")
            #expect(try home.isCopied())
        }
    }

    @Test("1.x: a replication that was given up is started again")
    func givenUp() async throws {
        let version = ServerVersion(1, 7, 1)
        try await withHousehold(sourceVersion: version, targetVersion: version) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 3)
            try await home.settle()
            var document = try #require(try await home.document(home.documentID())).members
            document["_replication_state"] = "error"
            document["_replication_state_time"] = .integer(Int64(home.clock.now.timeIntervalSince1970))
            document["_replication_state_reason"] = "timeout"
            try await home.target.stop()
            try home.target.put(home.documentID(), .object(document), in: "_replicator")
            home.clock.advance(16 * 60)
            // A real server leaves it at that; this one tries again after a start, so the task list is kept from us.
            try await home.target.start()
            home.target.faults.add(Fault(.hideJobs, pathPrefix: "/_active_tasks"))
            let report = try await home.check(PassOptions(isDryRun: true))
            #expect(
                report.problems.contains("orders: replication-failed")
                    || report.problems.contains("orders: replication-never-started") || report.problems == [])
            home.target.faults.removeAll()
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test("1.x: a task list that can't be read leaves everything unknown", arguments: [401, 500])
    func blind(status: Int) async throws {
        let version = ServerVersion(1, 7, 1)
        try await withHousehold(sourceVersion: version, targetVersion: version) { home in
            home.source.makeDatabases("orders")
            home.target.makeDatabases("orders")
            home.target.faults.add(
                Fault(.failure(status: status, error: "unauthorized", reason: "no"), pathPrefix: "/_active_tasks"))
            let report = try await home.check()
            #expect(report.problems == ["orders: blind"])
            #expect(home.writes == [:])
        }
    }
}
