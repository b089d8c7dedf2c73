import Backup
import CouchDB
import CouchSim
import Foundation
import GRDB
import Supervision
import Testing

@testable import Service

/// What drills leave that were killed, or whose scratch can't be removed.
extension DrillingCheckTests {
    @Test("A backup whose drill took its check with it has its pause, and lets the others have theirs")
    func aDrillOfWhichTheCheckDied() async throws {
        try await withScene { scene in
            scene.production.makeDatabases("invoices")
            try scene.production.fill("invoices", count: 3)
            _ = try await check(scene, drills: false)
            var killed = DrillReport(
                backup: "vault:invoices", moment: nil, asOf: clock.now, place: scene.standby.baseURL, at: clock.now)
            killed.reason = "its process is gone"
            try await StoredDrills(try scene.state).begin(killed)
            var loaded = scene.loaded
            loaded.configuration.drill?.budget = .nanoseconds(1)
            clock.elapse(60)
            let next = try await run(loaded).run(PassOptions())
            #expect(try await drills(scene).map(\.verdict) == [.equal])
            #expect(try await drills(scene, of: "vault:invoices") == [killed])
            let pair = try #require(next.report.pairs.first { $0.pair == "invoices" })
            #expect(pair.findings.first?.summary.contains("its process is gone") == true, "\(pair)")
            clock.elapse(300)
            #expect(try await run(loaded).run(PassOptions()).exitCode == .ok)
            #expect(try await drills(scene, of: "vault:invoices").map(\.verdict) == [.equal, .unknown])
            #expect(try await !StoredDrills(try scene.state).hasBegun)
        }
    }

    @Test func whatAKilledCheckHasLeftIsRemovedOrTold() async throws {
        try await withScene { scene in
            let name = "\(ScratchName.prefix)orders-0badf00d"
            let scratches = StoredScratches(try scene.state)
            func leave() async throws {
                scene.standby.makeDatabases(name)
                try await scratches.store(
                    StoredScratches.Scratch(
                        url: "\(scene.standby.baseURL)/\(name)", server: "standby", backup: "vault:orders",
                        since: clock.now))
            }
            try await leave()
            #expect(try await check(scene).exitCode == .ok)
            expectNoScratch(scene)
            #expect(try await scratches.all() == [])

            try await leave()
            let refusal = scene.standby.faults.add(
                Fault(
                    .failure(status: 403, error: "forbidden", reason: "not by you"), method: "DELETE",
                    pathPrefix: "/\(name)"))
            for _ in 0..<2 {
                clock.elapse(60)
                let left = try await check(scene)
                let finding = try #require(left.report.pairs.first?.findings.first, "\(left.report.pairs)")
                #expect(finding.rule == DrillLeftover.name && finding.severity == .warning, "\(finding)")
                #expect(finding.summary.contains(name) && finding.summary.contains("not by you"), "\(finding)")
                #expect(finding.next.hasSuffix("couchkeep drill orders --server standby --remove-leftovers"))
                #expect(left.exitCode == .problem)
            }
            scene.standby.faults.remove(refusal)
            clock.elapse(60)
            let gone = try await check(scene)
            #expect(gone.exitCode == .ok && gone.report.pairs.first?.findings == [], "\(gone.report.pairs)")
            expectNoScratch(scene)
            #expect(try await scratches.all() == [])
            #expect(try await drills(scene).count == 1)
        }
    }

    @Test("A scratch is gone where the server that it was made on says so, and no other one")
    func aScratchOfAServerThatTheConfigurationHasNoMore() async throws {
        try await withScene { scene in
            let name = "\(ScratchName.prefix)orders-0badf00d"
            let scratches = StoredScratches(try scene.state)
            let scratch = StoredScratches.Scratch(
                url: "\(scene.standby.baseURL)/\(name)", server: "standby", backup: "vault:orders", since: clock.now)
            scene.standby.makeDatabases(name)
            try await scratches.store(scratch)
            var gone = scene.loaded
            gone.configuration.drill = nil
            gone.configuration.servers.removeAll { $0.name == "standby" }
            var moved = scene.loaded
            moved.configuration.drill = nil
            let index = try #require(moved.configuration.servers.firstIndex { $0.name == "standby" })
            moved.configuration.servers[index].url = try ServerURL(scene.production.baseURL)
            for loaded in [gone, moved] {
                clock.elapse(60)
                let told = try await run(loaded).run(PassOptions())
                let finding = try #require(told.report.pairs.first?.findings.first, "\(told.report.pairs)")
                #expect(finding.rule == DrillLeftover.name && finding.severity == .warning)
                #expect(finding.summary.contains("has no server standby at this address any more"), "\(finding)")
                #expect(finding.next.hasSuffix("couchkeep check --adopt --only \(scratch.url)"), "\(finding)")
                #expect(try await scratches.all().map(\.url) == [scratch.url])
            }
            clock.elapse(60)
            #expect(try await check(scene).report.pairs.first?.findings == [])
            expectNoScratch(scene)
            #expect(try await scratches.all() == [])

            try await scratches.store(scratch)
            clock.elapse(60)
            #expect(try await run(gone).run(PassOptions()).exitCode == .problem)
            clock.elapse(60)
            let accepted = PassOptions(adopts: true, adoptsOnly: [scratch.url])
            #expect(try await run(gone).run(accepted).report.pairs.first?.findings == [])
            #expect(try await scratches.all() == [])
        }
    }

    @Test("No drill is begun on a server that has not removed the scratch of another one, until it is gone")
    func aServerThatRemovesNoScratchGetsOneAndNoOther() async throws {
        try await withScene { scene in
            scene.production.makeDatabases("invoices")
            try scene.production.fill("invoices", count: 3)
            let refusal = scene.standby.faults.add(
                Fault(
                    .failure(status: 403, error: "forbidden", reason: "not by you"), method: "DELETE",
                    pathPrefix: Self.scratches))
            func expectOneScratch() {
                #expect(ScratchName.leftovers(scene.standby.databaseNames).count == 1)
            }
            let first = try await check(scene)
            expectOneScratch()
            let made = try await drills(scene, of: "vault:invoices")
            // It can't remove its own documents either.
            #expect(made.map(\.obstacle) == [.forbidden], "\(made)")
            #expect(try await drills(scene).filter { $0.verdict != .unknown } == [])
            let held = try #require(first.report.pairs.first { $0.pair == "orders" }?.findings.first)
            #expect(held.rule == DrillImpossible.name && held.severity == .warning, "\(held)")
            #expect(held.summary.contains("has not removed the scratch of an earlier drill"), "\(held)")
            let found = first.report.pairs.first { $0.pair == "invoices" }?.findings.map(\.rule)
            #expect(found == [DrillImpossible.name, DrillLeftover.name])
            // The turn of the first one comes again, and it waits too.
            clock.elapse(8 * Self.day)
            #expect(try await check(scene).exitCode == .problem)
            expectOneScratch()
            scene.standby.faults.remove(refusal)
            // It is gone in the next check, and holds no drill back any more.
            for _ in 0..<2 {
                clock.elapse(60)
                _ = try await check(scene)
            }
            #expect(try await drills(scene).first?.verdict == .equal)
            clock.elapse(Self.day)
            let mended = try await check(scene)
            #expect(mended.report.pairs.flatMap(\.findings) == [], "\(mended.report.pairs)")
            expectNoScratch(scene)
        }
    }

    @Test func whatTheMemoryDoesNotGiveEndsTheDrillsAndNotTheCheck() async throws {
        try await withScene { scene in
            var check = run(scene.loaded)
            check.interrupting = { body in
                try await scene.state.writing {
                    try $0.execute(sql: "INSERT INTO drill (backup, verdict, report) VALUES ('x', 'equal', X'00')")
                }
                return try await body(StopRequest())
            }
            let outcome = try await check.run(PassOptions())
            #expect(outcome.notRemembered?.code == .damaged && outcome.exitCode != .ok)
            #expect(outcome.report.pairs.map(\.pair) == ["orders"])
        }
    }

    @Test func whatACheckIsAtIsNoLeftover() async throws {
        try await withScene { scene in
            let scratches = StoredScratches(try scene.state)
            for (name, reason) in [("one", nil), ("two", "not by you")] as [(String, String?)] {
                try await scratches.store(
                    StoredScratches.Scratch(
                        url: "\(scene.standby.baseURL)/\(name)", server: "standby", backup: "vault:orders",
                        since: clock.now, reason: reason))
            }
            #expect(try await DrillDesk.underWay(scene.loaded) == [], "its check was killed")
            let lock = try #require(try StateFolder(scene.loaded).lockDrills())
            #expect(try await DrillDesk.underWay(scene.loaded) == ["one"])
            lock.release()
        }
    }
}
