import CouchDB
import CouchSim
import Foundation
import Replication
import Secrets
import Testing

@testable import Vault

/// The program itself is killed (SIGKILL) wherever it happens to be; the next run goes on.
@Suite(.timeLimit(.minutes(5))) struct KillTests {
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

    private func backup(_ scene: Scene) -> [String] {
        ["backup", scene.source.url, "--user", "admin", "--vault", scene.folder.path(percentEncoded: false)]
    }

    private func edit(_ scene: Scene, round: Int) async throws {
        try await scene.source.fill(60, prefix: "round-\(round)-", value: Int64(round))
        try await scene.source.write([
            "document-\(round)": ["v": .integer(Int64(round))], "document-\(round + 20)": ["_deleted": true],
        ])
        let bytes = Data((0..<90_000).map { UInt8(truncatingIfNeeded: $0 &* (round + 3)) }).base64EncodedString()
        try await scene.source.replicate(
            "attached-\(round)", [revision(1, "a")],
            #""_attachments":{"a":{"content_type":"image/png","data":"\#(bytes)"}}"#)
    }

    @Test func backupsAndRestoresGoOn() async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        try await withScene { server, scene in
            var random = SeededGenerator(seed: seed)
            try await scene.source.fill(50)
            var kills = 0
            for round in 0..<10 {
                try await edit(scene, round: round)
                let run = try await run(
                    backup(scene), on: server, killedAtRequest: Int.random(in: 1...24, using: &random))
                if run.exitCode == nil { kills += 1 }
                #expect(run.exitCode ?? 0 == 0, "seed \(seed): \(run.output)")
            }
            #expect(kills > 0, "seed \(seed)")
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
