import Backup
import CouchDB
import CouchSim
import Foundation
import Secrets
import Supervision
import Synchronization
import Testing
import Vault

@testable import Service

/// Drills that `check` makes by schedule.
@Suite(.timeLimit(.minutes(3))) struct DrillingCheckTests {
    /// A clock that is set by hand.
    final class Clock: Sendable {
        private let time = Mutex(Date(timeIntervalSince1970: 1_795_507_200))
        var now: Date { time.withLock { $0 } }
        func elapse(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
    }

    let clock = Clock()
    static let day = 86_400.0
    static let scratches = "/\(ScratchName.prefix)"

    func run(_ loaded: LoadedConfiguration) -> CheckRun {
        var check = CheckRun(
            loaded, pacing: RepairPacing(attempts: 5000) { await Task.yield() }, now: { [clock] in clock.now })
        check.looks = [.zero]
        return check
    }

    func check(
        _ scene: VerificationScene, _ options: PassOptions = PassOptions(), drills: Bool = true
    ) async throws -> CheckRun.Outcome {
        var check = run(scene.loaded)
        check.verifies = drills
        return try await check.run(options)
    }

    /// The drills of the backup in the vault, or of another one, the newest first.
    func drills(_ scene: VerificationScene, of backup: String = "vault:orders") async throws -> [DrillReport] {
        try await StoredDrills(try scene.state).histories()[backup] ?? []
    }

    private func status(_ scene: VerificationScene) async throws -> PairReport {
        let read = try await StoredStatus(scene.loaded).report(now: clock.now, maximumAge: .seconds(86_400 * 30))
        return try #require(read?.report.pairs.first)
    }

    func expectNoScratch(_ scene: VerificationScene) {
        for server in [scene.production, scene.standby] {
            #expect(ScratchName.leftovers(server.databaseNames) == [])
        }
    }

    /// With a pair into the vault, which is rehearsed on a server that no pair has.
    func withScene(
        _ drill: String = "{ every: 7d, server: standby }",
        _ body: @Sendable (VerificationScene) async throws -> Void
    ) async throws {
        try await withVerificationScene(verify: "drill: \(drill)", pairs: VerificationScene.pairInVault, body)
    }

    @Test func whatIsDueIsRehearsedAndGrowsOld() async throws {
        try await withScene { scene in
            let skipped = try await check(scene, drills: false)
            #expect(skipped.exitCode == .ok, "a backup that is new has its time")
            #expect(
                skipped.report.pairs.first?.lights.restorable.summary
                    == "it was never rehearsed; its first drill is to come")
            let dry = try await check(scene, PassOptions(isDryRun: true))
            let planned = try #require(dry.report.pairs.first?.repairs.last)
            #expect(planned.action == "drill" && planned.result == .planned && planned.rule == "schedule")
            #expect(planned.detail.contains("a scratch database of standby"), "\(planned)")
            #expect(try await drills(scene) == [])

            let first = try await check(scene)
            #expect(first.exitCode == .ok, "\(first.report.pairs)")
            let light = try #require(first.report.pairs.first?.lights.restorable)
            #expect(light.state == .ok && light.summary.hasPrefix("moment #1 restored in "), "\(light)")
            let made = try await drills(scene)
            #expect(made.map(\.verdict) == [.equal] && made.map(\.place) == [scene.standby.baseURL], "\(made)")
            #expect(made.map(\.documents) == [50])
            #expect(try await scene.moments().map(\.verified) == [clock.now], "no prune drops it")
            expectNoScratch(scene)
            #expect(try await StoredScratches(try scene.state).all() == [])

            clock.elapse(6.9 * Self.day)
            #expect(try await check(scene).exitCode == .ok)
            #expect(try await drills(scene).count == 1, "it is not due")
            // Nobody checks: what is remembered ceases to be good by itself.
            clock.elapse(1.8 * Self.day)
            #expect(try await status(scene).lights.restorable.state == .ok)
            clock.elapse(0.1 * Self.day)
            let old = try await status(scene)
            #expect(
                old.lights.restorable.state == .unknown && old.findings.map(\.rule) == [DrillOverdue.name], "\(old)")
            let next = try await check(scene)
            #expect(next.exitCode == .ok && next.report.pairs.first?.findings == [], "\(next.report.pairs)")
            #expect(try await drills(scene).map(\.verdict) == [.equal, .equal])
        }
    }

    @Test("A backup on a server is rehearsed in mode watch too, and without a server in memory; none is in mode off")
    func aBackupOnAServer() async throws {
        try await withVerificationScene(verify: "drill: { every: 1d }") { scene in
            #expect(
                try await eventually { try await check(scene, drills: false).report.pairs.first?.lag.changes == 0 })
            let target = "\(scene.standby.baseURL)/orders"
            #expect(try await drills(scene, of: target) == [])
            var loaded = scene.loaded
            loaded.configuration.pairs[0].mode = .off
            #expect(try await run(loaded).run(PassOptions()).report.pairs.first?.lights.restorable.state == .off)
            #expect(try await drills(scene, of: target) == [])
            loaded.configuration.pairs[0].mode = .watch
            let watched = try await run(loaded).run(PassOptions())
            #expect(watched.report.pairs.first?.lights.restorable.state == .ok, "\(watched.report.pairs)")
            let made = try await drills(scene, of: target)
            #expect(made.map(\.verdict) == [.equal] && made.map(\.place) == ["memory"], "\(made)")
            expectNoScratch(scene)
        }
    }

    @Test func aPairWithoutABackupIsNotDue() async throws {
        try await withScene { scene in
            var loaded = scene.loaded
            loaded.configuration.pairs[0].mode = .watch
            // Nobody has made a backup.
            for _ in 0..<2 {
                let outcome = try await run(loaded).run(PassOptions())
                #expect(outcome.report.pairs.first?.lights.restorable.state == .off)
                #expect(outcome.report.pairs.first?.findings.filter { Report.drillRules.contains($0.rule) } == [])
                clock.elapse(20 * Self.day)
            }
            #expect(try await drills(scene) == [])
            #expect(try await StoredDrills(try scene.state).dueSince() == [:])
        }
    }

    @Test func whatDiffersIsToldUntilItIsEqual() async throws {
        try await withScene { scene in
            let loss = scene.standby.faults.add(
                Fault(.documentMissing(id: "document-3"), pathPrefix: Self.scratches))
            let found = try await check(scene)
            let pair = try #require(found.report.pairs.first)
            #expect(found.exitCode == .problem && pair.lights.restorable.state == .problem, "\(pair)")
            #expect(pair.findings.map(\.rule) == [DrillFailed.name] && pair.findings[0].severity == .critical)
            let problems = try await drills(scene).first?.problems ?? []
            #expect(problems.contains { $0.id == "document-3" }, "\(problems)")
            expectNoScratch(scene)
            scene.standby.faults.remove(loss)
            clock.elapse(60)
            #expect(try await check(scene).report.pairs.first?.findings.map(\.rule) == [DrillFailed.name])
            #expect(try await drills(scene).count == 1, "it has its pause")
            clock.elapse(3600)
            let mended = try await check(scene)
            #expect(mended.exitCode == .ok && mended.report.pairs.first?.findings == [], "\(mended.report.pairs)")
            #expect(mended.report.pairs.first?.lights.restorable.state == .ok)
        }
    }

    @Test func aServerThatIsAwayIsToldOfAllAndTriedAgainLater() async throws {
        try await withScene { scene in
            scene.production.makeDatabases("invoices")
            try scene.production.fill("invoices", count: 3)
            try await scene.standby.refuseConnections()
            let away = try await check(scene)
            #expect(away.exitCode == .unknown, "\(away.report.pairs)")
            for pair in away.report.pairs {
                let finding = try #require(pair.findings.first, "\(pair)")
                #expect(finding.rule == DrillOverdue.name && finding.severity == .notice, "\(finding)")
                #expect(finding.summary.contains("the server standby for the scratch"), "\(finding)")
                #expect(finding.next == "couchkeep drill \(pair.pair) --server standby")
                #expect(pair.lights.restorable.state == .unknown)
            }
            func attempts() async throws -> Int? { try await StoredDrills(try scene.state).outage()?.attempts }
            #expect(try await attempts() == 1, "one note for all")
            #expect(try await StoredDrills(try scene.state).histories() == [:])
            // Not at once again.
            clock.elapse(60)
            #expect(try await check(scene).exitCode == .unknown)
            #expect(try await attempts() == 1)
            clock.elapse(300)
            _ = try await check(scene)
            #expect(try await attempts() == 2)
            try await scene.standby.acceptConnections()
            clock.elapse(600)
            let back = try await check(scene)
            #expect(back.exitCode == .ok && back.report.pairs.allSatisfy(\.findings.isEmpty), "\(back.report.pairs)")
            #expect(try await drills(scene).map(\.verdict) == [.equal])
            #expect(try await attempts() == nil)
            expectNoScratch(scene)
        }
    }

    @Test func aServerThatTakesNoDatabaseIsAWarningWithTheNextStep() async throws {
        try await withScene { scene in
            let refusal = scene.standby.faults.add(
                Fault(
                    .failure(status: 403, error: "forbidden", reason: "not by you"), method: "PUT",
                    pathPrefix: Self.scratches))
            let found = try await check(scene)
            let finding = try #require(found.report.pairs.first?.findings.first)
            #expect(finding.rule == DrillImpossible.name && finding.severity == .warning, "\(finding)")
            #expect(finding.summary.contains("not by you") && finding.next.contains("the right to make databases"))
            #expect(found.exitCode == .problem)
            scene.standby.faults.remove(refusal)
            clock.elapse(400)
            #expect(try await check(scene).exitCode == .ok)
        }
    }

    @Test("A login that is rejected is told as that, and one of an account that is locked for minutes as what passes")
    func aServerThatLetsNobodyIn() async throws {
        try await withScene { scene in
            let wrong = scene.standby.faults.add(
                Fault(
                    .failure(status: 401, error: "unauthorized", reason: "Name or password is incorrect."),
                    pathPrefix: "/_session"))
            let finding = try #require(try await check(scene).report.pairs.first?.findings.first)
            #expect(
                finding.rule == DrillImpossible.name && finding.next.contains("the secret of standby"), "\(finding)")
            scene.standby.faults.remove(wrong)
            let locked = scene.standby.faults.add(
                Fault(
                    .failure(
                        status: 403, error: "forbidden",
                        reason: "Account is temporarily locked due to multiple authentication failures"), method: "PUT",
                    pathPrefix: Self.scratches))
            clock.elapse(400)
            let passing = try #require(try await check(scene).report.pairs.first?.findings.first)
            #expect(passing.rule == DrillOverdue.name && passing.severity == .notice, "\(passing)")
            #expect(try await drills(scene).map(\.obstacle) == [nil])
            scene.standby.faults.remove(locked)
        }
    }

    @Test func whatIsTooLargeForMemoryIsToldAndDoneWhereAServerIsNamed() async throws {
        try await withScene("{ every: 7d }") { scene in
            var small = run(scene.loaded)
            small.drillMemoryLimit = 10
            let found = try await small.run(PassOptions())
            let finding = try #require(found.report.pairs.first?.findings.first)
            #expect(finding.rule == DrillImpossible.name && finding.severity == .warning, "\(finding)")
            #expect(finding.summary.contains("at most 10 are restored into memory"), "\(finding)")
            #expect(finding.next.contains("drill: { server: NAME }"), "\(finding)")
            // No pause for another place.
            var loaded = scene.loaded
            loaded.configuration.drill?.server = "standby"
            var other = run(loaded)
            other.drillMemoryLimit = 10
            #expect(try await other.run(PassOptions()).exitCode == .ok)
            #expect(try await drills(scene).map(\.place) == [scene.standby.baseURL, "memory"])
        }
    }

    @Test func aSecretThatIsNotThereIsTold() async throws {
        try await withScene { scene in
            var loaded = scene.loaded
            let index = try #require(loaded.configuration.servers.firstIndex { $0.name == "standby" })
            loaded.configuration.servers[index].password = .file("\(scene.folder.path)/gone")
            let found = try await run(loaded).run(PassOptions())
            let finding = try #require(found.report.pairs.first?.findings.first)
            #expect(
                finding.rule == DrillImpossible.name
                    && finding.next == "put the secret in its place: couchkeep config check")
            #expect(try await StoredDrills(try scene.state).outage()?.obstacle == .secretUnavailable)
        }
    }

    @Test func whatIsInTheBackupIsRehearsedWithoutItsSource() async throws {
        try await withScene { scene in
            _ = try await check(scene, drills: false)
            try await scene.production.refuseConnections()
            let outcome = try await check(scene)
            #expect(outcome.report.pairs.first?.lights.restorable.state == .ok, "\(outcome.report.pairs)")
            #expect(outcome.report.pairs.first?.lights.replicating.state != .ok)
            try await scene.production.acceptConnections()
        }
    }

    @Test func aCheckBeginsNoDrillWhenItsTimeIsUp() async throws {
        try await withScene { scene in
            scene.production.makeDatabases("invoices")
            try scene.production.fill("invoices", count: 3)
            var loaded = scene.loaded
            loaded.configuration.drill?.budget = .nanoseconds(1)
            func made() async throws -> [Int] {
                [try await drills(scene, of: "vault:invoices").count, try await drills(scene).count]
            }
            let first = try await run(loaded).run(PassOptions())
            #expect(first.exitCode == .ok, "one is still to be made, in time")
            #expect(
                Set(first.report.pairs.map(\.lights.restorable.state)) == [.ok, .off], "\(first.report.pairs)")
            #expect(try await made() == [1, 0])
            #expect(try await run(loaded).run(PassOptions()).exitCode == .ok)
            #expect(try await made() == [1, 1])
            #expect(try await run(loaded).run(PassOptions()).exitCode == .ok)
            #expect(try await made() == [1, 1])
        }
    }

    /// Each telling looks at the whole fleet, and keeps other checks from looking.
    @Test func whatComesOfDrillsIsToldTogether() async throws {
        try await withScene { scene in
            scene.production.makeDatabases("invoices")
            try scene.production.fill("invoices", count: 3)
            let looked = try await check(scene, drills: false)
            let fleet = try await Fleet(scene.loaded)
            let told = try await fleet.closing {
                let pass = DrillPass(scene.loaded, state: try scene.state, environment: nil) { clock.now }
                let turns = try await pass.turns(after: looked.report, fleet: fleet)
                var told: [[String]] = []
                try await pass.run(
                    turns, after: looked.report, PassOptions(), fleet: fleet, tellingEvery: .seconds(3600),
                    until: StopRequest()
                ) { told.append($0) }
                return told
            }
            #expect(told == [["invoices", "orders"]])
            #expect(try await drills(scene).map(\.verdict) == [.equal])
        }
    }

    @Test func onlyOneCheckRehearses() async throws {
        try await withScene { scene in
            _ = try await check(scene, drills: false)
            let lock = try #require(try StateFolder(scene.loaded).lockDrills())
            _ = try await check(scene)
            #expect(try await drills(scene) == [])
            lock.release()
            #expect(try await check(scene).exitCode == .ok)
            #expect(try await drills(scene).count == 1)
        }
    }

    @Test func noVerificationWaitsForADrillThatTakesLong() async throws {
        try await withVerificationScene(verify: "drill: { every: 1d }\nverify: { revisions: 1d }") { scene in
            #expect(
                try await eventually { try await check(scene, drills: false).report.pairs.first?.lag.changes == 0 })
            let lock = try #require(try StateFolder(scene.loaded).lockDrills())
            #expect(try await check(scene).report.pairs.first?.lights.verified.state == .ok)
            lock.release()
        }
    }

    @Test func whoStopsTheCheckStopsTheDrillAndItsScratchIsRemoved() async throws {
        try await withScene { scene in
            scene.production.makeDatabases("invoices")
            try scene.production.fill("invoices", count: 3)
            let stall = scene.standby.faults.add(Fault(.stall(afterBytes: 0), pathContains: "_bulk_docs"))
            var stopped = run(scene.loaded)
            stopped.interrupting = { body in
                let stop = StopRequest()
                return try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await scene.standby.faults.struck(stall)
                        stop.request()
                    }
                    return try await body(stop)
                }
            }
            let outcome = try await stopped.run(PassOptions())
            let pair = try #require(outcome.report.pairs.first { $0.pair == "invoices" })
            #expect(pair.lights.restorable.summary == "the drill came to no end: it was stopped", "\(pair)")
            #expect(pair.findings.map(\.rule) == [DrillOverdue.name] && pair.findings[0].severity == .notice)
            #expect(try await drills(scene) == [], "no other one is begun")
            scene.standby.faults.remove(stall)
            expectNoScratch(scene)
        }
    }
}
