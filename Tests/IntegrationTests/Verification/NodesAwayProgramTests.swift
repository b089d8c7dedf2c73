import CouchDB
import CouchSim
import Foundation
import Testing

/// What commands end with while nodes of a cluster are away: never as good.
@Suite(.timeLimit(.minutes(3))) struct NodesAwayProgramTests {
    private static let others = ["a2@127.0.0.1", "a3@127.0.0.1"]

    /// A cluster with `orders`, and a single server with a copy of it.
    private func withServers(
        _ body: @Sendable (_ cluster: SimulatedServer, _ single: SimulatedServer) async throws -> Void
    ) async throws {
        var options = ServerOptions()
        options.otherNodes = Self.others
        try await withSimulatedServers(options) { cluster, single in
            for server in [cluster, single] {
                server.makeDatabases("orders")
                try server.fill("orders", count: 10)
            }
            cluster.setNodesAway(Set(Self.others))
            try await body(cluster, single)
        }
    }

    private func json(
        _ command: String, _ source: SimulatedServer, _ target: SimulatedServer, _ options: String...
    ) async throws -> (code: Int32, answer: JSONValue) {
        let run = try await Program.run(
            [
                command, "\(source.baseURL)/orders", "\(target.baseURL)/orders", "--user", source.administrator,
                "--json",
            ] + options, environment: ["COUCHKEEP_PASSWORD": "secret"])
        return (run.exitCode, try JSONValue(parsing: Data(run.output.utf8)))
    }

    @Test func verifyIsUnknown() async throws {
        try await withServers { cluster, single in
            let (code, answer) = try await json("verify", cluster, single)
            #expect(code == 20 && answer["result"] == "unknown" && answer["code"] == "nodes-away", "\(answer)")
            #expect(answer["reason"]?.string?.hasSuffix("what was acknowledged may not be visible") == true)
            try single.delete("document-1", in: "orders")
            try cluster.put("new", in: "orders")
            #expect(try await json("verify", cluster, single).code == 10)
        }
    }

    @Test func repairIsIncompleteAndRemovesNothing() async throws {
        try await withServers { cluster, single in
            let equal = try await json("repair", cluster, single)
            #expect(equal.code == 3, "\(equal.answer)")
            #expect(equal.answer["nodesAway"]?.string?.hasPrefix("2 of 3 nodes") == true, "\(equal.answer)")

            try single.put("stray", in: "orders")
            let dry = try await json("repair", cluster, single, "--dry-run", "--remove-extra", "--remove-unexplained")
            #expect(dry.code == 10 && dry.answer["removalRefused"]?.string?.contains("are away") == true)
            let refused = try await Program.run(
                [
                    "repair", "\(cluster.baseURL)/orders", "\(single.baseURL)/orders", "--user",
                    cluster.administrator, "--remove-extra", "--remove-unexplained", "--confirm",
                ], environment: ["COUCHKEEP_PASSWORD": "secret"])
            #expect(refused.exitCode == 16 && refused.errors.contains("are away"), "\(refused)")
            #expect(try single.documentCount(of: "orders") == 11)

            // Of a target of which one copy takes writes, all that was copied is on that one.
            let written = try await json("repair", single, cluster)
            #expect(written.code == 3 && written.answer["copied"] == 1, "\(written.answer)")
            cluster.setNodesAway([])
            #expect(try await json("repair", single, cluster).code == 0)
        }
    }

    /// Nodes that come back while the databases are compared may have what they hid.
    @Test func repairIsIncompleteWhereNodesCameBack() async throws {
        try await withServers { cluster, single in
            let stall = single.faults.add(Fault(.stall(afterBytes: 0), pathContains: "_changes"))
            async let repair = json("repair", cluster, single)
            try await single.faults.struck(stall)
            cluster.setNodesAway([])
            single.faults.remove(stall)
            let (code, answer) = try await repair
            #expect(code == 3 && answer["nodesAway"]?.string?.hasPrefix("2 of 3 nodes") == true, "\(answer)")
        }
    }

    /// A verification that could not see all is no proof once it is mended.
    @Test func repairOfAnUnknownVerificationIsIncomplete() async throws {
        try await withServers { cluster, single in
            try await withKeeper { keeper in
                try keeper.configure(
                    ConfigurationText(
                        production: .init(cluster), standby: .init(single), databases: "[orders]", pair: "mode: watch"
                    ).yaml)
                #expect(try await keeper.run("verify", "orders").exitCode == 20)
                cluster.setNodesAway([])
                let repair = try await keeper.run("repair", "orders", "--verification", "1")
                #expect(repair.exitCode == 3 && repair.errors.contains("2 of 3 nodes"), "\(repair)")
                #expect(try await keeper.run("repair", "orders").exitCode == 0)
            }
        }
    }

    @Test func backupAndRestoreAreIncomplete() async throws {
        try await withServers { cluster, _ in
            try await withVaultScene { scene in
                let part = try await scene.backUp("orders", of: cluster, ["--json"])
                let answer = try JSONValue(parsing: Data(part.output.utf8))
                #expect(part.exitCode == 3 && answer["result"] == "incomplete", "\(part)")
                #expect(answer["moment"]?["isComplete"] == false && answer["refused"] == 0)
                #expect(answer["nodesAway"]?.string?.contains("may not be visible") == true, "\(answer)")
                let told = try await scene.backUp("orders", of: cluster, ["--quiet"])
                #expect(told.exitCode == 3 && told.output.contains("2 of 3 nodes"), "\(told)")
                #expect(try await scene.restore("orders", to: "copy", of: cluster).exitCode == 16)

                cluster.setNodesAway([])
                #expect(try await scene.backUp("orders", of: cluster).exitCode == 0)
                cluster.setNodesAway(Set(Self.others))
                let restored = try await scene.restore("orders", to: "copy", of: cluster)
                #expect(restored.exitCode == 3 && restored.errors.contains("on one copy alone"), "\(restored)")
                #expect(restored.output.contains("Compared: 10 documents are as they were"), "\(restored)")
            }
        }
    }
}
