import CouchDB
import CouchSim
import Foundation
import Replication
import Secrets
import Testing

@testable import Vault

/// The program itself is killed (SIGKILL) wherever it happens to be; the next run goes on.
@Suite(.serialized, .timeLimit(.minutes(5))) struct KillTests {
    /// Runs the program and kills it as soon as the server was asked so many times.
    private func run(
        _ arguments: [String], on server: SimulatedServer, killedAtRequest count: Int? = nil
    ) async throws -> Program.Run {
        guard let count else { return try await Program.run(arguments, password: server.password.reveal()) }
        // Strikes each request, and does no harm.
        let counter = server.faults.add(Fault(.drip(bytes: 1 << 30, every: .zero)))
        defer { server.faults.remove(counter) }
        return try await Program.run(arguments, password: server.password.reveal()) {
            try await server.faults.struck(counter, times: count)
        }
    }

    private func prune(_ scene: Scene, keep count: Int) -> [String] {
        [
            "vault", "prune", "source", "--last", "\(count)", "--confirm", "--vault",
            scene.folder.path(percentEncoded: false),
        ]
    }

    /// Rounds of the random loop.
    private static let rounds =
        ProcessInfo.processInfo.environment["COUCHKEEP_KILL_ROUNDS"].flatMap { Int($0) } ?? 10

    private func backup(_ scene: Scene) -> [String] {
        ["backup", scene.source.url, "--user", "admin", "--vault", scene.folder.path(percentEncoded: false)]
    }

    private func edit(_ scene: Scene, round: Int) async throws {
        try await scene.source.fill(60, prefix: "round-\(round)-", value: Int64(round))
        try await scene.source.write([
            "document-\(round)": ["v": .integer(Int64(round))], "document-\(round + 20)": ["_deleted": true],
        ])
        let bytes = Data((0..<90_000).map { UInt8(truncatingIfNeeded: $0 &* (round + 3)) })
        try await scene.source.attach(bytes, to: "attached-\(round)")
    }

    @Test func backupsAndRestoresGoOn() async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        try await withScene { server, scene in
            var random = SeededGenerator(seed: seed)
            try await scene.source.fill(50)
            var (kills, killedPrunes) = (0, 0)
            for round in 0..<Self.rounds {
                try await edit(scene, round: round)
                // By what it asks the server, and by what it does to its files.
                let step = "any:\(Int.random(in: 1...16, using: &random))"
                let run =
                    Bool.random(using: &random)
                    ? try await run(
                        backup(scene), on: server, killedAtRequest: Int.random(in: 1...24, using: &random))
                    : try await Program.run(backup(scene), password: server.password.reveal(), diesAt: step)
                if run.exitCode == nil { kills += 1 }
                #expect(run.exitCode ?? 0 == 0, "seed \(seed): \(run.output)")
                guard round % 3 == 2 else { continue }
                _ = try await self.run(backup(scene), on: server)
                let kept = try await scene.withBackup { try #require(try await $0.moments().last) }
                let before = try await LeafPicture.all(of: scene.moment(kept))
                let cut = try await Program.run(
                    prune(scene, keep: 1), password: "", diesAt: "any:\(Int.random(in: 1...4, using: &random))")
                if cut.exitCode == nil { killedPrunes += 1 }
                #expect(cut.exitCode ?? 0 == 0, "seed \(seed): \(cut.output)")
                let (problems, newest) = try await scene.withBackup { backup in
                    (try await backup.check(readData: true).problems, try await backup.moments().last)
                }
                #expect(problems == [], "seed \(seed)")
                #expect(newest == kept, "seed \(seed)")
                let after = try await LeafPicture.all(of: scene.moment(kept))
                #expect(after == before, "seed \(seed): the newest moment is what it was")
            }
            #expect(kills > 0 && (killedPrunes > 0 || !Program.diesAtSteps), "seed \(seed)")
            let last = try await run(backup(scene), on: server)
            #expect(last.exitCode == 0, "seed \(seed): \(last.output)")
            let source = try await scene.picture()
            let moment = try await scene.withBackup { backup in
                #expect(try await backup.check(readData: true).problems == [], "seed \(seed)")
                return try #require(try await backup.moments().last)
            }
            let kept = try await LeafPicture.all(of: scene.moment(moment))
            #expect(moment.isComplete)
            let isEqual = kept == source
            #expect(isEqual, "seed \(seed): \(kept.difference(from: source))")

            let target = scene.beside("restored")
            let restore = [
                "restore", "source", "--to", target.url, "--user", "admin", "--vault",
                scene.folder.path(percentEncoded: false),
            ]
            kills = 0
            var end: Int32?
            for round in 0..<10 where end == nil {
                end = try await run(
                    restore, on: server, killedAtRequest: Int.random(in: 1...(8 + round * 4), using: &random)
                ).exitCode
                if end == nil { kills += 1 }
            }
            #expect(kills > 0, "seed \(seed)")
            if end == nil { end = try await run(restore, on: server).exitCode }
            // Killed behind its last step, it has come to its end, and refuses to begin again.
            #expect(end == 0 || end == 16, "seed \(seed)")
            let restored = try await scene.picture(of: target)
            let isRestored = try restored.unordered == source.unordered
            #expect(isRestored, "seed \(seed): \(restored.difference(from: source))")
        }
    }

    /// At each named step of a backup and of a pruning of the program.
    @Test(.enabled(if: Program.diesAtSteps, "skipped: only a debug build ends itself"), arguments: VaultStep.allCases)
    func diesAtAStep(step: VaultStep) async throws {
        try await withScene { server, scene in
            let isPruning = [.pruneDeleted, .pruneCommitted, .objectsRemoved].contains(step)
            try await scene.source.fill(30)
            try await edit(scene, round: 1)
            #expect(try await run(backup(scene), on: server).exitCode == 0)
            try await edit(scene, round: 2)
            if isPruning { #expect(try await run(backup(scene), on: server).exitCode == 0) }
            let moments = try await scene.withBackup { try await $0.moments() }
            let kept = try #require(moments.last)
            let before = try await LeafPicture.all(of: scene.moment(kept))
            let killed = try await Program.run(
                isPruning ? prune(scene, keep: 1) : backup(scene), password: server.password.reveal(),
                diesAt: step.rawValue)
            #expect(killed.exitCode == nil, "\(killed.output)")
            #expect(try await scene.withBackup { try await $0.check(readData: true).problems } == [])
            #expect(try await LeafPicture.all(of: scene.moment(kept)) == before, "what was acknowledged is there")

            #expect(try await run(backup(scene), on: server).exitCode == 0)
            #expect(try await run(prune(scene, keep: 1), on: server).exitCode == 0)
            let last = try await scene.withBackup { backup in
                let report = try await backup.check(readData: true)
                #expect(report.problems == [] && report.strays == 0)
                return try #require(try await backup.moments().last)
            }
            #expect(last.isComplete)
            #expect(try await LeafPicture.all(of: scene.moment(last)) == scene.picture())
        }
    }

    /// What a restore asks of its target, in its order.
    private static let restoreSteps = [
        Fault(.drip(bytes: 1 << 30, every: .zero), method: "PUT", pathPrefix: "/source-restored"),
        Fault(.drip(bytes: 1 << 30, every: .zero), pathContains: "_local/couchkeep-restore"),
        Fault(.drip(bytes: 1 << 30, every: .zero), pathContains: "_revs_limit"),
        Fault(.drip(bytes: 1 << 30, every: .zero), pathContains: "_revs_diff"),
        Fault(.drip(bytes: 1 << 30, every: .zero), pathContains: "_bulk_docs"),
        Fault(.drip(bytes: 1 << 30, every: .zero), method: "PUT", pathContains: "/attached-"),
        Fault(.drip(bytes: 1 << 30, every: .zero), method: "PUT", pathContains: "_security"),
        Fault(.drip(bytes: 1 << 30, every: .zero), pathContains: "_changes"),
        Fault(.drip(bytes: 1 << 30, every: .zero), method: "DELETE", pathContains: "_local/"),
    ]

    @Test(arguments: restoreSteps.indices) func diesInARestore(step: Int) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(30)
            try await edit(scene, round: 1)
            _ = try await scene.source.putDocument("_design/d", members: ["views": [:]])
            // Set on the target only because it is another one there.
            try await scene.source.setSecurity(["members": ["names": ["bob"], "roles": []]])
            #expect(try await run(backup(scene), on: server).exitCode == 0)
            let target = scene.beside("restored")
            let restore = [
                "restore", "source", "--to", target.url, "--user", "admin", "--vault",
                scene.folder.path(percentEncoded: false),
            ]
            var fault = Self.restoreSteps[step]
            fault.database = target.name
            let trigger = server.faults.add(fault)
            let killed = try await Program.run(restore, password: server.password.reveal()) {
                try await server.faults.struck(trigger)
            }
            #expect(killed.exitCode == nil, "\(killed.output)")
            server.faults.remove(trigger)
            let next = try await run(restore, on: server)
            // Behind its last request there is nothing to go on with, and the target is as it should be.
            #expect(next.exitCode == 0 || next.exitCode == 16, "\(next.output)")
            #expect(try await scene.picture(of: target).unordered == scene.picture().unordered)
        }
    }

    @Test func oneBackupAtATime() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(20)
            let stall = server.faults.add(Fault(.stall(afterBytes: 0), pathContains: "_changes", count: 1))
            try await withThrowingTaskGroup(of: Program.Run.self) { group in
                group.addTask { try await run(backup(scene), on: server) }
                try await server.faults.struck(stall)
                let second = try await run(backup(scene), on: server)
                #expect(second.exitCode == 11, "\(second.output)")
                server.faults.remove(stall)
                let first = try #require(try await group.next())
                #expect(first.exitCode == 0, "\(first.output)")
            }
        }
    }

    /// What people and scripts go by.
    @Test func saysHowItEnded() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(20)
            let vault = ["--vault", scene.folder.path(percentEncoded: false)]
            let target = scene.beside("restored")
            func restore(_ name: String, _ options: String...) async throws -> Int32? {
                try await run(
                    ["restore", name, "--to", target.url, "--user", "admin"] + options + vault, on: server
                ).exitCode
            }
            #expect(try await restore("source") == 2, "no vault")
            let fault = server.faults.add(Fault(.documentMissing(id: "document-3"), database: "source"))
            #expect(try await run(backup(scene), on: server).exitCode == 3, "incomplete")
            #expect(try await restore("source") == 16, "the moment is incomplete")
            server.faults.remove(fault)
            #expect(try await run(backup(scene), on: server).exitCode == 0)
            #expect(try await restore("source", "--dry-run") == 0)
            #expect(try await !target.exists())
            #expect(try await restore("none") == 2, "no such backup")
            #expect(try await restore("source", "--at", "2001-01-01 00:00") == 2, "before the first moment")
            #expect(try await restore("source", "--at", "#2") == 0)
            #expect(try await restore("source") == 16, "the target is not empty")
            #expect(try await restore("source", "--into-existing") == 0)
            let failing = server.faults.add(Fault(.hangUp, database: "source"))
            #expect(try await run(backup(scene), on: server).exitCode == 13, "the source does not answer")
            server.faults.remove(failing)
            let wrong = try await Program.run(backup(scene), password: "wrong")
            #expect(wrong.exitCode == 12 && !wrong.output.contains("wrong"), "\(wrong.output)")
            let list = try await run(["vault", "list", "source", "--json"] + vault, on: server)
            let listing = try JSONValue(parsing: Data(list.output.utf8))
            let moments = listing["backups"]?.array?.first?["moments"]?.array
            #expect(moments?.compactMap { $0["isComplete"]?.bool } == [false, true])
            #expect(try await run(["vault", "check", "--read-data"] + vault, on: server).exitCode == 0)
            #expect(try await run(["vault", "prune", "source"] + vault, on: server).exitCode != 0, "without any rule")
            let prune = ["vault", "prune", "source", "--last", "1"] + vault
            #expect(try await run(prune, on: server).exitCode == 0)
            #expect(try await scene.withBackup { try await $0.moments() }.count == 2, "a plan does nothing")
            #expect(try await run(prune + ["--confirm"], on: server).exitCode == 0)
            #expect(try await scene.withBackup { try await $0.moments() }.count == 1)
        }
    }
}
