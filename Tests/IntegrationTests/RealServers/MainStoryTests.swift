import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// The whole story with the built program: two servers that have nothing to do with each other, a first check that
/// makes everything, and what happens to it afterwards.
@Suite(.enabled(if: LocalCouchDB.isInstalled, RealServers.whySkipped), .timeLimit(.minutes(5)))
struct MainStoryTests {
    private static let databases = ["customers", "invoices", "orders"]

    @Test func theWholeStory() async throws {
        try await withRealServers { servers in
            try await SMTPSink.run { sink in
                try await withKeeper { keeper in
                    try await prepare(servers)
                    var configuration = servers.configuration
                    configuration.more =
                        "notify: { email: { smtp: \"127.0.0.1:\(sink.port)\", tls: none, from: couchkeep@example.org, to: [ops@example.org] } }"
                    try keeper.configure(configuration.yaml)
                    try await planIsShownFirst(servers, keeper)
                    try await databasesAndReplicationsAreMade(servers, keeper)
                    try await nothingMoreIsToBeDone(keeper)
                    try await aNewDatabaseIsPickedUp(servers, keeper)
                    try await killedReplicationsAreMadeAgain(servers, keeper)
                    #expect(sink.mails.isEmpty)
                    try await aDownServerIsOneMessage(
                        servers.standby, "standby", code: 14, known: Self.databases.count + 1, keeper, sink)
                    try await aDownServerIsOneMessage(
                        servers.production, "production", code: 13, known: Self.databases.count + 1, keeper, sink)
                    try await lostDatabasesAreMadeAgain(servers, keeper)
                }
            }
        }
    }

    private func prepare(_ servers: RealServers) async throws {
        for (number, name) in Self.databases.enumerated() {
            let database = servers.source.database(name)
            try await database.create(q: number + 1)
            try await database.setSecurity([
                "admins": ["names": [], "roles": ["_admin"]], "members": ["names": [.string(name)], "roles": []],
            ])
            for index in 1...10 { _ = try await database.putDocument("\(name)-\(index)", members: ["n": 1]) }
        }
    }

    private func planIsShownFirst(_ servers: RealServers, _ keeper: Keeper) async throws {
        let plan = try await keeper.check("--dry-run")
        #expect(plan.exitCode == 1)
        #expect(plan.repairs.allSatisfy { $0.result == .planned })
        let steps = ["create-target", "create-replication"]
        #expect(plan.repairs.map(\.action) == steps + steps + steps)
        #expect(try await servers.target.databaseNames().filter { !$0.hasPrefix("_") }.isEmpty)
        #expect(try await servers.target.replicationDocuments().isEmpty)
    }

    private func databasesAndReplicationsAreMade(_ servers: RealServers, _ keeper: Keeper) async throws {
        let first = try await keeper.check()
        #expect(first.exitCode == 0 && first.alarms.isEmpty, "\(first)")
        for pair in first.report.pairs {
            #expect(pair.repairs.map(\.action) == ["create-target", "create-replication"])
            #expect(pair.repairs.allSatisfy { $0.result == .done })
        }
        for (number, name) in Self.databases.enumerated() {
            let (source, target) = (servers.source.database(name), servers.target.database(name))
            try await Polling.until("\(name) is copied") { try await target.info().documentCount == 10 }
            #expect(try await target.info().q == number + 1)
            #expect(try await target.security() == source.security())
        }
        for document in try await servers.target.replicationDocuments() {
            #expect(document.isContinuous && OwnershipMark.isPresent(in: document))
            #expect(document.source?.hasCredentialsInURL == false && document.target?.hasCredentialsInURL == false)
        }
        CaseTable.note("databases missing at the target", rule: TargetMissing.name, pass: 1, repaired: "yes")
        CaseTable.note("replications missing", rule: ReplicationMissing.name, pass: 1, repaired: "yes")
    }

    private func nothingMoreIsToBeDone(_ keeper: Keeper) async throws {
        let second = try await keeper.check()
        #expect(second.exitCode == 0 && second.repairs.isEmpty)
        let quiet = try await keeper.run("check", "--quiet")
        #expect(quiet.exitCode == 0)
        #expect(quiet.output.split(separator: "\n").count == 1, "\(quiet.output)")
        #expect(quiet.output.contains("ok: 3 pairs"), "\(quiet.output)")
        let stored = try await keeper.run("status")
        #expect(stored.exitCode == 0)
        for name in Self.databases { #expect(stored.output.contains(name)) }
    }

    private func aNewDatabaseIsPickedUp(_ servers: RealServers, _ keeper: Keeper) async throws {
        let database = servers.source.database("new/one+two")
        try await database.create()
        _ = try await database.putDocument("a", members: [:])
        let checked = try await keeper.check()
        #expect(checked.exitCode == 0 && checked.report.pairs.count == 4)
        try await Polling.until("the new database is copied") {
            try await servers.target.database("new/one+two").document("a") != nil
        }
        CaseTable.note("new database at the source", rule: TargetMissing.name, pass: 1, repaired: "yes")
    }

    private func killedReplicationsAreMadeAgain(_ servers: RealServers, _ keeper: Keeper) async throws {
        // The newest pair was repaired a moment ago; a second repair of the same kind has to wait for the back-off.
        let begin = ContinuousClock.now
        try await Polling.until("the back-off is over") { ContinuousClock.now - begin > .seconds(3) }
        let replicator = servers.target.database("_replicator")
        for document in try await servers.target.replicationDocuments() {
            _ = try await replicator.deleteDocument(document.id, revision: try #require(document.revision))
        }
        let checked = try await keeper.check()
        #expect(checked.exitCode == 0)
        #expect(checked.repairs.map(\.rule) == Array(repeating: ReplicationMissing.name, count: 4))
        _ = try await servers.source.database("orders").putDocument("after-the-kill", members: [:])
        try await Polling.until("replication goes on") {
            try await servers.target.database("orders").document("after-the-kill") != nil
        }
        CaseTable.note("all replications killed", rule: ReplicationMissing.name, pass: 1, repaired: "yes")
    }

    private func aDownServerIsOneMessage(
        _ server: LocalCouchDB, _ name: String, code: Int32, known pairs: Int, _ keeper: Keeper, _ sink: SMTPSink
    ) async throws {
        let before = sink.mails.count
        await server.stop()
        let down = try await keeper.check()
        #expect(down.exitCode == code)
        #expect(down.report.pairs.count == pairs)
        #expect(down.report.pairs.allSatisfy { $0.lights.replicating.state != .ok })
        #expect(sink.mails.count == before + 1)
        let mail = try #require(sink.mails.last)
        #expect(mail.subject.contains(name), "\(mail.subject)")
        // Nothing is told twice.
        #expect(try await keeper.check().exitCode == code)
        #expect(sink.mails.count == before + 1)
        let stored = try await keeper.status()
        #expect(stored.exitCode == code)
        try await server.start()
        try await Polling.until("recovered", within: .seconds(60), every: .milliseconds(500)) {
            try await keeper.check().exitCode == 0
        }
        try await Polling.until("the recovery is told", within: .seconds(30), every: .milliseconds(500)) {
            _ = try await keeper.check()
            return sink.mails.count == before + 2
        }
        #expect(
            try #require(sink.mails.last).subject.lowercased().contains("resolved"), "\(sink.mails.last?.subject ?? "")"
        )
        CaseTable.note("\(name) down", rule: ServerUnreachable.name, pass: 1, repaired: "all well when it was up again")
    }

    private func lostDatabasesAreMadeAgain(_ servers: RealServers, _ keeper: Keeper) async throws {
        for name in Self.databases { try await servers.target.database(name).delete() }
        let found = try await keeper.check()
        let lost = found.report.pairs.filter { Self.databases.contains($0.pair) }
        #expect(lost.allSatisfy { $0.repairs.contains { $0.rule == TargetMissing.name && $0.result == .done } })
        for name in Self.databases {
            let (source, target) = (servers.source.database(name), servers.target.database(name))
            try await Polling.until("\(name) is copied again") {
                try await target.info().documentCount == source.info().documentCount
            }
            #expect(try await target.info().q == source.info().q)
            #expect(try await target.security() == source.security())
        }
        try await Polling.until("all well", every: .milliseconds(500)) { try await keeper.check().exitCode == 0 }
        CaseTable.note("target's databases lost", rule: TargetMissing.name, pass: 1, repaired: "yes")
    }
}
