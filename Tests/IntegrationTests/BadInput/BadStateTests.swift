import CouchDB
import CouchSim
import Foundation
import GRDB
import Supervision
import Testing

/// What can be wrong with Couchkeep's own memory, and with the time: said with the next step, and nothing is lost.
@Suite(.timeLimit(.minutes(2)))
struct BadStateTests {
    /// Two simulated servers with a complete backup of `orders`.
    private func withBackup(
        _ body: @Sendable (Keeper, _ production: SimulatedServer, _ standby: SimulatedServer) async throws -> Void
    ) async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                production.makeDatabases("orders")
                try production.fill("orders", count: 5)
                try keeper.configure(ConfigurationText(production: .init(production), standby: .init(standby)).yaml)
                #expect(try await keeper.check().exitCode == 0)
                try await Polling.until("caught up", every: .milliseconds(20)) {
                    try await keeper.checkHere().report.pairs[0].lag.changes == 0
                }
                try await body(keeper, production, standby)
            }
        }
    }

    private func database(of keeper: Keeper) -> String { keeper.state + "/state.sqlite" }

    private func content(of keeper: Keeper) throws -> Data {
        try Data(contentsOf: URL(filePath: database(of: keeper)))
    }

    /// The commands that need the memory.
    private static let commands = [
        ["check"], ["check", "--json"], ["check", "--dry-run"], ["status"], ["alert", "list"],
    ]

    @Test func memoryOfANewerVersion() async throws {
        try await withBackup { keeper, _, _ in
            let queue = try DatabaseQueue(path: database(of: keeper))
            try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('supervision-99')") }
            try queue.close()
            let before = try content(of: keeper)
            for command in Self.commands {
                let run = try await Program.run(command + ["--config", keeper.file])
                #expect(run.exitCode == 2, "\(command): \(run)")
                #expect(run.errors.contains("newer couchkeep") && run.errors.contains("[state-newer]"), "\(run.errors)")
                #expect(run.output.isEmpty)
            }
            #expect(try content(of: keeper) == before)
        }
    }

    /// Where the file is damaged: at its beginning, or in the middle of its content.
    @Test(arguments: [0, 8192])
    func damagedMemory(at offset: Int) async throws {
        try await withBackup { keeper, _, standby in
            let file = try FileHandle(forUpdating: URL(filePath: database(of: keeper)))
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 37) }))
            try file.close()
            let before = try content(of: keeper)
            let documents = try standby.leaves(of: "_replicator").keys.sorted()
            for command in Self.commands {
                let run = try await Program.run(command + ["--config", keeper.file])
                // Who only looks reads no more than is needed, and may not come to the damage.
                if offset > 0, command != ["check"], command != ["check", "--json"], run.exitCode == 0 { continue }
                #expect(run.exitCode == 15, "\(command): \(run)")
                #expect(
                    run.errors.contains("[state-damaged]") && run.errors.contains("move the file away"), "\(run.errors)"
                )
            }
            // The file is left for whoever wants to save something of it, and the servers as they were.
            #expect(try content(of: keeper) == before)
            #expect(try standby.leaves(of: "_replicator").keys.sorted() == documents)
            // The next step that was named helps.
            try FileManager.default.moveItem(atPath: database(of: keeper), toPath: keeper.folder.path + "/away.sqlite")
            #expect(try await keeper.check().exitCode == 0)
        }
    }

    @Test func memoryThatIsNoDatabase() async throws {
        try await withBackup { keeper, _, _ in
            try Data("This is a text.\n".utf8).write(to: URL(filePath: database(of: keeper)))
            let run = try await keeper.run("check")
            #expect(run.exitCode == 15)
            #expect(try content(of: keeper) == Data("This is a text.\n".utf8))
        }
    }

    @Test func twoChecksAtOnce() async throws {
        try await withBackup { keeper, production, _ in
            let fault = production.faults.add(Fault(.stall(afterBytes: 0), pathPrefix: "/_session"))
            async let first = keeper.check()
            try await Polling.until("the first one is at work", every: .milliseconds(10)) {
                production.faults.strikes(of: fault) > 0
            }
            let second = try await keeper.run("check")
            #expect(second.exitCode == 11)
            #expect(second.output.isEmpty)
            #expect(second.errors.contains("another couchkeep is at work, process"), "\(second.errors)")
            // Looking is allowed meanwhile.
            #expect(try await keeper.run("status").exitCode == 0)
            let test = try await keeper.run("alert", "test")
            #expect(test.exitCode == 2 || test.exitCode == 11)
            production.faults.removeAll()
            #expect(try await first.exitCode == 0)
            #expect(try await keeper.check().exitCode == 0)
        }
    }

    @Test func theClockJumpsBack() async throws {
        try await withBackup { keeper, production, standby in
            let yesterday = Date().addingTimeInterval(-86_400)
            let back = try await keeper.checkHere(now: { yesterday })
            #expect(back.alarms.isEmpty && back.exitCode == 0, "\(back.details)")
            // What was repaired "in the future" may be repaired again.
            let id = try #require(try standby.leaves(of: "_replicator").keys.first { $0.hasPrefix("couchkeep-") })
            try standby.delete(id, in: "_replicator")
            let repaired = try await keeper.checkHere(now: { yesterday.addingTimeInterval(60) })
            #expect(repaired.repairs.map(\.result) == [.done], "\(repaired.repairs)")
            try production.put("after", [:], in: "orders")
            try await Polling.until("replication goes on", every: .milliseconds(20)) {
                try standby.documentCount(of: "orders") == 6
            }
            let lagging = try await keeper.checkHere(now: { yesterday.addingTimeInterval(120) })
            #expect(lagging.report.pairs.allSatisfy { ($0.lag.seconds ?? 0) >= 0 })
            #expect(try await keeper.checkHere().alarms.isEmpty)
            // A report from the future says nothing about now.
            let tomorrow = Date().addingTimeInterval(86_400)
            _ = try await keeper.checkHere(now: { tomorrow })
            let status = try await keeper.run("status")
            #expect(status.exitCode == 20, "\(status)")
        }
    }

    @Test func fullDisk() async throws {
        try await withBackup { keeper, _, _ in
            // A small file system of the test's own, in a namespace that ends with the shell.
            let script = """
                set -u
                unshare --user --map-root-user --mount bash -c '
                    mount -t tmpfs -o size=1m tmpfs "$STATE" || exit 99
                    cp -a "$SAVED"/. "$STATE"/ || exit 99
                    dd if=/dev/zero of="$STATE"/filler bs=4k 2>/dev/null
                    "$COUCHKEEP" check --config "$FILE"; echo "full: $?"
                    "$COUCHKEEP" status --config "$FILE" >/dev/null; echo "status: $?"
                    rm "$STATE"/filler
                    "$COUCHKEEP" check --config "$FILE" >/dev/null; echo "room: $?"
                '
                """
            let saved = keeper.folder.path + "/saved"
            try FileManager.default.copyItem(atPath: keeper.state, toPath: saved)
            let run = try await Program.shell(
                script, environment: ["STATE": keeper.state, "SAVED": saved, "FILE": keeper.file])
            guard run.exitCode != 99, !run.errors.contains("unshare") else {
                // Where namespaces are forbidden, a limit on file sizes stands for the full disk.
                return try await sizeLimit(keeper)
            }
            #expect(run.output.contains("full: 3"), "\(run)")
            // What was seen is printed all the same.
            #expect(run.output.contains("orders"), "\(run.output)")
            #expect(run.errors.contains("[state-full]") && run.errors.contains("make room"), "\(run.errors)")
            #expect(run.output.contains("status: 0"), "\(run.output)")
            #expect(run.output.contains("room: 0"), "\(run.output)")
        }
    }

    private func sizeLimit(_ keeper: Keeper) async throws {
        let script = """
            trap '' XFSZ
            ulimit -f 8
            "$COUCHKEEP" check --config "$FILE"
            """
        let run = try await Program.shell(script, environment: ["FILE": keeper.file])
        #expect(run.exitCode == 3, "\(run)")
        #expect(run.errors.contains("[state-full]"), "\(run.errors)")
        #expect(try await keeper.check().exitCode == 0)
    }

    @Test func folderThatCannotBeWritten() async throws {
        try await withBackup { keeper, _, _ in
            // A file stands where the folder should be: not even root can write there.
            try FileManager.default.removeItem(atPath: keeper.state)
            try Data().write(to: URL(filePath: keeper.state))
            let run = try await keeper.run("check")
            #expect(run.exitCode == 2, "\(run)")
            #expect(run.errors.contains("state"), "\(run.errors)")
        }
    }
}
