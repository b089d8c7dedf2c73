import CouchSim
import Foundation
import Secrets
import Testing

/// `--all-databases`: whatever one database meets leaves the others their turn, and what was not tried is named.
@Suite(.timeLimit(.minutes(2)))
struct AllDatabasesTests {
    private static let names = (1...8).map { "d\($0)" }
    private static let page = Fault.Effect.page("<html><h1>404 Not Found</h1></html>", status: 404)

    private struct Object: Decodable {
        var backup: String?
        var result: String
        var reason: String?
    }

    private func run(
        _ command: String, _ server: SimulatedServer, in scene: VaultScene, _ options: [String] = []
    ) async throws -> (run: Program.Run, objects: [Object]) {
        let place = command == "restore" ? ["--to", server.baseURL] : [server.baseURL]
        let run = try await scene.run(
            [command] + place + ["--all-databases", "--json", "--vault", scene.vault, "--user", server.administrator]
                + options,
            environment: ["COUCHKEEP_PASSWORD": server.password.reveal()])
        let objects = try run.output.replacing("}\n{", with: "}\u{0}{").split(separator: "\u{0}").map {
            try JSONDecoder().decode(Object.self, from: Data($0.utf8))
        }
        // CouchDB's own come too.
        #expect(Set(objects.compactMap(\.backup)).isSuperset(of: Self.names), "\(run)")
        return (run, objects)
    }

    private func fill(_ server: SimulatedServer) throws {
        for name in Self.names {
            server.makeDatabases(name)
            try server.fill(name, count: 2)
        }
    }

    /// A proxy that answers in CouchDB's place for one path says nothing of the others.
    @Test func aPageForOneDatabaseLeavesTheOthersTheirTurn() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try fill(source)
                let fault = source.faults.add(Fault(Self.page, database: "d2"))
                let backup = try await run("backup", source, in: scene)
                #expect(backup.run.exitCode == 13, "\(backup.run)")
                #expect(backup.objects.count { $0.result == "ok" } == backup.objects.count - 1, "\(backup.run)")
                #expect(backup.objects.first { $0.backup == "d2" }?.result == "failed", "\(backup.run)")

                source.faults.remove(fault)
                #expect(try await run("backup", source, in: scene).run.exitCode == 0)
                target.faults.add(Fault(Self.page, database: "d2"))
                let restore = try await run("restore", target, in: scene)
                #expect(restore.run.exitCode == 14, "\(restore.run)")
                #expect(restore.objects.count { $0.result == "equal" } == restore.objects.count - 1, "\(restore.run)")
                #expect(target.databaseNames.contains("d8"), "\(restore.run)")
            }
        }
    }

    /// Four are backed up at a time.
    @Test func whatWasNotTriedIsNamed() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try fill(source)
                // The server's greeting and the list of databases.
                let fault = source.faults.add(Fault(Self.page, after: 2))
                let backup = try await run("backup", source, in: scene, ["--basic"])
                #expect(backup.run.exitCode == 13, "\(backup.run)")
                #expect(backup.objects.allSatisfy { $0.result == "failed" }, "\(backup.run)")
                let notTried = backup.objects.filter { $0.reason?.contains("not tried") == true }
                #expect(notTried.count >= 4 && notTried.count < backup.objects.count, "\(backup.run)")
                for object in notTried {
                    #expect(backup.run.errors.contains("\(object.backup ?? "") was not backed up:"), "\(backup.run)")
                }

                source.faults.remove(fault)
                #expect(try await run("backup", source, in: scene).run.exitCode == 0)
                target.faults.add(Fault(Self.page))
                let restore = try await run("restore", target, in: scene, ["--basic"])
                #expect(restore.run.exitCode == 14, "\(restore.run)")
                let others = restore.objects.count { $0.reason?.contains("not tried") == true }
                #expect(others == restore.objects.count - 1, "\(restore.run)")
            }
        }
    }

    /// Longer than the tries of one request take.
    @Test func aServerThatIsAwayForAMomentIsWaitedFor() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try fill(source)
                source.faults.add(Fault(.hangUp, database: "d2", count: 4))
                let backup = try await run("backup", source, in: scene)
                #expect(backup.run.exitCode == 0 && backup.objects.allSatisfy { $0.result == "ok" }, "\(backup.run)")
                target.faults.add(Fault(.hangUp, database: "d2", count: 4))
                let restore = try await run("restore", target, in: scene)
                #expect(
                    restore.run.exitCode == 0 && restore.objects.allSatisfy { $0.result == "equal" }, "\(restore.run)")
            }
        }
    }
}
