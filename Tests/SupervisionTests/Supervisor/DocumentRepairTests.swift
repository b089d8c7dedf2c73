import CouchDB
import Foundation
import Secrets
import Testing

@testable import CouchSim
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct DocumentRepairTests {
    /// A household with both databases and twenty documents, before Couchkeep's first look.
    private func withDatabases(
        _ settings: Household.Settings = .init(databases: ["orders"]),
        _ body: @escaping @Sendable (Household) async throws -> Void
    ) async throws {
        try await withHousehold(settings) { home in
            home.source.makeDatabases("orders")
            home.target.makeDatabases("orders")
            try home.source.fill("orders", count: 20)
            try await body(home)
        }
    }

    /// Runs the body with a connection to the target, which has started a job without a document.
    private func withTransientJob(
        _ job: JSONValue, in home: Household, _ body: (ServerConnection) async throws -> Void = { _ in }
    ) async throws {
        let connection = try ServerConnection(
            url: try ServerURL(home.target.baseURL),
            authentication: .basic(user: "admin", password: home.target.password))
        _ = try await connection.replicate(try #require(job.object))
        try await body(connection)
        try await connection.shutdown()
    }

    @Test("A transient job gets a document in its place, and goes on from its checkpoint")
    func transient() async throws {
        try await withDatabases { home in
            try await withTransientJob(home.handwritten(), in: home)
            let report = try await home.check()
            #expect(report.done == ["orders: make-durable"], "\(report.pairs)")
            let later = try await home.checkLater()
            #expect(later.verdict == .ok, "\(later.problems)")
            #expect(try home.isCopied())
            #expect(try await home.document(home.documentID()) != nil)
            // It outlives a restart now.
            try await home.target.restart()
            try home.source.fill("orders", prefix: "later", count: 3)
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
        }
    }

    @Test("A transient job that copies a part is left to who started it, and gets a whole document beside it")
    func transientPart() async throws {
        try await withDatabases { home in
            let part = home.handwritten(options: ["continuous": true, "doc_ids": ["document-1"]])
            try await withTransientJob(part, in: home) { connection in
                let report = try await home.check()
                #expect(report.done == ["orders: make-durable"], "\(report.pairs)")
                let later = try await home.checkLater()
                #expect(later.verdict == .ok, "\(later.problems)")
                #expect(try home.isCopied())
                #expect(try await connection.schedulerJobs().filter(\.isTransient).count == 1)
            }
        }
    }

    @Test("A document of ours that says failed or completed is written afresh", arguments: ["failed", "completed"])
    func over(state: String) async throws {
        try await withDatabases { home in
            try await home.settle()
            var document = try #require(try await home.document(home.documentID())).membersForRestart()
            document["_replication_state"] = .string(state)
            document["_replication_state_reason"] = "by accident"
            try home.target.put(home.documentID(), .object(document), in: "_replicator")
            try await home.target.scheduler.reaches(ReplicationState(rawValue: state), documentID: home.documentID())
            try home.source.fill("orders", prefix: "later", count: 3)
            let report = try await home.check()
            #expect(report.done == ["orders: rewrite-replication"])
            let later = try await home.checkLater()
            #expect(later.verdict == .ok, "\(later.problems)")
            #expect(try home.isCopied())
            #expect(try await home.document(home.documentID())?.recordedState == nil)
        }
    }

    @Test(
        "A document of ours that was made one-shot or partial is made whole",
        arguments: ["continuous", "selector", "doc_ids"])
    func edited(option: String) async throws {
        try await withDatabases { home in
            try await home.settle()
            var document = try #require(try await home.document(home.documentID())).membersForRestart()
            switch option {
            case "continuous": document["continuous"] = false
            case "selector": document["selector"] = ["value": ["$gt": 5]]
            default: document["doc_ids"] = ["document-1"]
            }
            document["worker_processes"] = 2
            try home.target.put(home.documentID(), .object(document), in: "_replicator")
            try await home.target.scheduler.idle()
            try home.source.fill("orders", prefix: "later", count: 3)
            let report = try await home.check()
            #expect(report.done == ["orders: rewrite-replication"])
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
            let rewritten = try #require(try await home.document(home.documentID()))
            #expect(rewritten.members["worker_processes"] == 2, "what changes only the speed is kept")
            #expect(rewritten.partialOptions == [])
        }
    }

    @Test("A document of ours that began at a later change is made to read everything")
    func lateStart() async throws {
        try await withDatabases { home in
            let connection = try ServerConnection(
                url: try ServerURL(home.source.baseURL),
                authentication: .basic(user: "admin", password: home.source.password))
            let reached = try await connection.database("orders").info().updateSequence
            try await connection.shutdown()
            var document = try #require(home.handwritten().object)
            document["since_seq"] = reached.value
            document[OwnershipMark.member] = OwnershipMark.value(for: home.pair())
            try home.target.put(home.documentID(), .object(document), in: "_replicator")
            try home.source.fill("orders", prefix: "later", count: 3)
            try await home.target.scheduler.idle()
            #expect(try home.target.documentCount(of: "orders") == 3)
            let report = try await home.check()
            #expect(report.done.first == "orders: reset-checkpoints", "\(report.pairs)")
            #expect(try await home.document(home.documentID())?.partialOptions == [])
            _ = try await home.checkLater()
            let later = try await home.checkLater()
            #expect(later.verdict == .ok, "\(later.problems)")
            #expect(try home.isCopied())
        }
    }

    @Test("When the source's password changes, the configuration's new one is written into our document")
    func password() async throws {
        try await withDatabases { home in
            try await home.settle()
            var document = try #require(try await home.document(home.documentID())).membersForRestart()
            document["source"] = [
                "url": .string("\(home.source.baseURL)/orders/"),
                "auth": ["basic": ["username": "admin", "password": "old"]],
            ]
            try home.target.put(home.documentID(), .object(document), in: "_replicator")
            try await home.target.scheduler.crashes(2, documentID: home.documentID())
            try home.source.fill("orders", prefix: "later", count: 3)
            let report = try await home.check()
            #expect(report.done == ["orders: rewrite-replication"])
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
        }
    }

    @Test("A wrong password in the configuration is told, and not hammered")
    func wrongPassword() async throws {
        try await withDatabases { home in
            try await home.settle()
            home.configure { $0.sourcePassword = Secret("wrong") }
            _ = try await home.check()
            try await home.target.scheduler.crashes(3, documentID: home.documentID())
            home.clock.advance(60)
            var report = try await home.check()
            #expect(report.problems == ["orders: replication-crashing"])
            let finding = try #require(report.finding("replication-crashing"))
            #expect(finding.evidence["cause"] == "credentials-rejected")
            #expect(finding.severity == .critical)
            #expect(!"\(report)".contains("wrong\""))
            home.forgetRequests()
            for _ in 0..<60 {
                home.clock.advance(60)
                report = try await home.check()
            }
            #expect(home.writes.values.reduce(0, +) <= 6, "\(home.writes)")
            home.configure { $0.sourcePassword = Secret("secret") }
            home.clock.advance(3600)
            #expect(try await home.check().done == ["orders: rewrite-replication"])
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test("A document of somebody else is left untouched, and taken over with --adopt")
    func foreign() async throws {
        try await withDatabases { home in
            try home.target.put("nightly", home.handwritten(), in: "_replicator")
            try await home.target.scheduler.idle()
            let before = try #require(try await home.document("nightly"))
            var report = try await home.check()
            #expect(report.verdict == .ok, "\(report.problems)")
            #expect(home.writes == [:])
            // It fails, and still nobody touches it.
            var failed = try #require(before.members.isEmpty ? nil : before.membersForRestart())
            failed["_replication_state"] = "failed"
            try home.target.put("nightly", .object(failed), in: "_replicator")
            try await home.target.scheduler.reaches(.failed, documentID: "nightly")
            home.clock.advance(60)
            report = try await home.check()
            #expect(report.problems == ["orders: replication-failed"])
            #expect(report.repairs(.planned) == ["orders: rewrite-replication"])
            #expect(report.pairs[0].repairs[0].detail.contains("--adopt"))
            #expect(home.writes == [:])
            report = try await home.check(PassOptions(adopts: true))
            #expect(report.done == ["orders: rewrite-replication"])
            let adopted = try #require(try await home.document("nightly"))
            #expect(OwnershipMark.isPresent(in: adopted))
            #expect(adopted.source?.hasCredentialsInURL == false)
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
            // From now on it is ours.
            try home.target.delete("nightly", in: "_replicator")
            try await home.target.scheduler.forgets("nightly")
            #expect(try await home.check().done == ["orders: create-replication"])
        }
    }

    @Test("A second document for the same replication: ours goes, that of somebody else is named")
    func duplicate() async throws {
        try await withDatabases { home in
            try home.target.put("nightly", home.handwritten(), in: "_replicator")
            try await home.target.scheduler.idle()
            let own = DesiredReplication(
                pair: home.pair(),
                source: ReplicationAccess(
                    url: try ServerURL(home.source.baseURL), user: "admin", password: Secret("secret")),
                target: ReplicationAccess(
                    url: try ServerURL(home.target.baseURL), user: "admin", password: Secret("secret"))
            ).document(on: ServerInfo(version: ServerVersion(3, 5), uuid: nil))
            try home.target.put(own.id, .object(own.members), in: "_replicator")
            try await home.target.scheduler.reaches(.failed, documentID: own.id)
            var report = try await home.check()
            #expect(report.done == ["orders: remove-replication"])
            #expect(try await home.document(own.id) == nil)
            #expect(try await home.document("nightly") != nil)
            #expect(try await home.checkLater().verdict == .ok)
            try home.target.put("weekly", home.handwritten(), in: "_replicator")
            try await home.target.scheduler.reaches(.failed, documentID: "weekly")
            report = try await home.checkLater()
            #expect(report.problems == ["orders: replication-duplicate"])
            #expect(report.done == [])
        }
    }

    @Test("What somebody deletes over and over is given up aloud, not fought for ever")
    func givenUp() async throws {
        try await withDatabases { home in
            home.configure { $0.budget.attemptsPerAction = 3 }
            try await home.settle()
            var created = 0
            for _ in 0..<12 {
                if try await home.document(home.documentID()) != nil {
                    try home.target.delete(home.documentID(), in: "_replicator")
                    try await home.target.scheduler.forgets(home.documentID())
                }
                home.clock.advance(1800)
                let report = try await home.check()
                created += report.done.count
            }
            #expect(created == 2, "and one at first")
            let report = try await home.check()
            #expect(report.repairs(.givenUp) == ["orders: create-replication"])
            let finding = try #require(report.finding("replication-missing"))
            #expect(finding.summary.hasSuffix("the repair was tried 3 times and is given up"))
            #expect(finding.severity == .critical)
        }
    }
}
