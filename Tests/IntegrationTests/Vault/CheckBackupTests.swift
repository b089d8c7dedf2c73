import CouchSim
import Foundation
import Service
import Supervision
import Synchronization
import Testing
import Vault

/// The order of a check: it tells what it has seen, then backs up, then tells what has come of that.
@Suite(.timeLimit(.minutes(2)))
struct CheckBackupTests {
    /// A clock that is set by hand.
    private final class Clock: Sendable {
        private let time = Mutex(Date(timeIntervalSince1970: 1_795_507_200))
        var now: Date { time.withLock { $0 } }
        func elapse(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
    }

    /// A keeper of backups in a vault and of one on a standby server, and a web server that is told.
    private struct Scene: Sendable {
        let keeper: Keeper
        let production: SimulatedServer
        let standby: SimulatedServer
        let web: WebSink
        let clock = Clock()

        var vault: String { keeper.folder.appending(path: "vault").path(percentEncoded: false) }

        func configure(databases: String = "orders", key: String? = nil) throws {
            let (source, target) = (ConfigurationText.Server(production), ConfigurationText.Server(standby))
            func member(_ server: ConfigurationText.Server) -> String {
                "{ url: \"\(server.url)\", user: \"\(server.user)\", password: \"\(server.password)\" }"
            }
            try keeper.configure(
                """
                servers: { production: \(member(source)), standby: \(member(target)) }
                pairs:
                  - { source: production, target: vault, databases: [\(databases)] }
                  - { source: production, target: standby, databases: [stock] }
                unprotected: { report: false }
                vault: { path: "\(vault)"\(key.map { ", key_file: \($0)" } ?? "") }
                notify: { webhook: { url: "http://127.0.0.1:\(web.port)/hook" } }
                """)
        }

        func check(tellingEvery interval: Duration = .seconds(60)) async throws -> Keeper.Checked {
            var run = CheckRun(try ConfigurationFile.load(keeper.file), pacing: .brisk, now: { [clock] in clock.now })
            run.tellsEvery = interval
            let outcome = try await run.run(PassOptions())
            return Keeper.Checked(
                report: outcome.report, exitCode: outcome.exitCode.rawValue,
                errors: outcome.notRemembered.map { "\($0)" } ?? "")
        }

        /// Makes the pairs well, so that nothing is told of them.
        func settle() async throws {
            try await Polling.until("all is well", every: .milliseconds(20)) { try await check().exitCode == 0 }
        }

        /// Backs up with one key, and checks later with another one, so that the next backup fails.
        func checkWithOtherKey() async throws -> Keeper.Checked {
            try await makeKeys()
            try configure(key: "a.key")
            try await settle()
            clock.elapse(300)
            try configure(key: "b.key")
            return try await check()
        }

        func status() async throws -> Report {
            let loaded = try ConfigurationFile.load(keeper.file)
            let stored = StoredStatus(loaded)
            return try #require(try await stored.report(now: clock.now, maximumAge: .seconds(3600))).report
        }

        /// Lets no document of a database be read until it is taken back.
        func stall(_ database: String = "orders") -> Stall {
            Stall(
                plan: production.faults,
                faults: ["_bulk_get", "open_revs"].map {
                    production.faults.add(Fault(.stall(afterBytes: 0), pathContains: $0, database: database))
                })
        }

        func moments(of name: String = "orders") async throws -> [Int] {
            let opened = try await Vault(at: vault, create: false, now: Date())
            return try await opened.withDatabase(name, isWriting: false, now: Date()) { try await $0.moments() }
                .map(\.documents)
        }

        func told(_ text: String) -> Int { web.requests(to: "/hook").count { $0.body.contains(text) } }

        func makeKeys() async throws {
            for name in ["a.key", "b.key"] {
                let path = keeper.folder.appending(path: name).path(percentEncoded: false)
                #expect(try await Program.run(["key", "new", path]).exitCode == 0)
            }
        }
    }

    /// Answers that stand still.
    private struct Stall: Sendable {
        let plan: FaultPlan
        let faults: [FaultPlan.ID]

        /// Waits until a backup is under way.
        func isMet() async throws {
            try await Polling.until("documents are asked for", every: .milliseconds(20)) {
                faults.contains { plan.strikes(of: $0) > 0 }
            }
        }

        func end() { for fault in faults { plan.remove(fault) } }
    }

    private func withScene(_ body: @Sendable (Scene) async throws -> Void) async throws {
        try await WebSink.run { web in
            try await withSimulatedServers { production, standby in
                try await withKeeper { keeper in
                    production.makeDatabases("orders", "invoices", "stock")
                    for name in ["orders", "invoices", "stock"] { try production.fill(name, count: 5) }
                    let scene = Scene(keeper: keeper, production: production, standby: standby, web: web)
                    try scene.configure()
                    try await body(scene)
                }
            }
        }
    }

    private func pair(_ name: String = "orders", in report: Report) throws -> PairReport {
        try #require(report.pairs.first { $0.pair == name }, "\(report.pairs.map(\.pair))")
    }

    @Test func alertsDoNotWaitForASlowBackup() async throws {
        try await withScene { scene in
            try await scene.standby.stop()
            let stall = scene.stall()
            async let first = scene.check()
            try await Polling.until("the server is told", every: .milliseconds(20)) {
                scene.told(ServerUnreachable.name) == 1
            }
            let light = try pair(in: try await scene.status()).lights.replicating
            #expect(light.state == .unknown && light.summary.contains("this check backs it up now"), "\(light)")
            try await stall.isMet()
            // Others look meanwhile. They leave the backup to the one that is at it, and that is no failure.
            scene.clock.elapse(60)
            let second = try await scene.check()
            #expect(second.finding(BackupFailed.name) == nil, "\(second.details)")
            #expect(second.finding(BackupRunning.name)?.severity == .notice)
            let words = try pair(in: second.report).lights.replicating.summary
            #expect(words.hasPrefix("there is no backup yet; another couchkeep writes to it, process"), "\(words)")
            stall.end()
            let done = try await first
            let orders = try pair(in: done.report)
            #expect(orders.lights.replicating.summary.contains("moment #1"), "\(orders)")
            #expect(orders.lights.replicating.state == .ok && orders.findings == [] && orders.lag.changes == 0)
            #expect(try await scene.moments() == [5])
            #expect(try pair(in: try await scene.status()) == orders)
            #expect(scene.web.requests(to: "/hook").count == 1)
        }
    }

    @Test func whatTheBackupEndsIsNotTold() async throws {
        try await withScene { scene in
            try await scene.settle()
            let before = try pair(in: try await scene.status()).lights.replicating
            try scene.production.fill("orders", prefix: "later", count: 2)
            scene.clock.elapse(3 * 3600)
            let stall = scene.stall()
            async let late = scene.check()
            try await Polling.until("the check has looked", every: .milliseconds(20)) {
                let orders = try pair(in: try await scene.status())
                return orders.lights.replicating.state == .unknown && orders.findings == []
                    && orders.lights.replicating.summary.hasPrefix("2 changes of the source are not in the vault")
            }
            stall.end()
            let orders = try pair(in: try await late.report)
            #expect(
                orders.lights.replicating.state == .ok && orders.lights.replicating.since == before.since, "\(orders)")
            #expect(try await late.exitCode == 0)
            #expect(try await scene.moments() == [5, 7])
            #expect(scene.web.requests(to: "/hook").isEmpty)
        }
    }

    @Test func aFailingBackupIsToldByTheSameCheck() async throws {
        try await withScene { scene in
            let failed = try await scene.checkWithOtherKey()
            #expect(failed.exitCode == 12 && failed.alarms == ["\(BackupFailed.name) @ orders"], "\(failed.details)")
            #expect(scene.told(BackupFailed.name) == 1)
            #expect(try pair(in: try await scene.status()) == (try pair(in: failed.report)))
        }
    }

    @Test func whatWasToldStaysUntilABackupHasEndedIt() async throws {
        try await withScene { scene in
            #expect(try await scene.checkWithOtherKey().exitCode == 12)
            try scene.configure(key: "a.key")
            try scene.production.fill("orders", prefix: "later", count: 2)
            let stall = scene.stall()
            async let slow = scene.check()
            try await stall.isMet()
            #expect(try await scene.check().finding(BackupRunning.name) != nil)
            for _ in 0..<4 {
                scene.clock.elapse(200)
                #expect(try await scene.check().alarms.contains("\(BackupFailed.name) @ orders"))
            }
            #expect(scene.told("RESOLVED") == 0 && scene.web.requests(to: "/hook").count == 1)
            stall.end()
            _ = try await slow
            // As everything, it has to be gone in two checks.
            scene.clock.elapse(300)
            #expect(try await scene.check().exitCode == 0)
            scene.clock.elapse(300)
            #expect(try await scene.check().exitCode == 0)
            #expect(scene.web.requests(to: "/hook").count == 2)
        }
    }

    @Test func whatHasFailedDoesNotWaitForTheBackupsBehindIt() async throws {
        try await withScene { scene in
            scene.production.makeDatabases("broken")
            scene.production.faults.add(
                Fault(.failure(status: 400, error: "bad_request", reason: "no"), pathContains: "broken/_changes"))
            try scene.configure(databases: "broken, orders")
            let stall = scene.stall()
            async let slow = scene.check(tellingEvery: .milliseconds(50))
            try await Polling.until("the failure is told", every: .milliseconds(20)) {
                scene.told(BackupFailed.name) > 0
            }
            try await Polling.until("the failure is in the report", every: .milliseconds(20)) {
                try pair("broken", in: try await scene.status()).lights.replicating.state == .problem
            }
            stall.end()
            let done = try await slow
            #expect(try pair(in: done.report).lights.replicating.state == .ok, "\(done.details)")
            #expect(done.alarms.contains("\(BackupFailed.name) @ broken"), "\(done.alarms)")
            #expect(scene.told(BackupFailed.name) == 1)
        }
    }

    @Test func whatIsBackedUpForTheFirstTimeIsVerifiedBehindIt() async throws {
        try await withScene { scene in
            try scene.keeper.write(
                try String(contentsOfFile: scene.keeper.file, encoding: .utf8) + "verify: { revisions: 1d }\n",
                to: "couchkeep.yaml")
            let checked = try await scene.check()
            let orders = try pair(in: checked.report)
            #expect(orders.lights.replicating.state == .ok && orders.lights.verified.state == .ok, "\(orders)")
        }
    }
}
