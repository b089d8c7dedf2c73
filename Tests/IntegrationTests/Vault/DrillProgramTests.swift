import CouchDB
import CouchSim
import Foundation
import Secrets
import Subprocess
import Supervision
import SystemPackage
import Testing

/// `couchkeep drill`, and what `check` and `status` say of it.
@Suite(.timeLimit(.minutes(2)))
struct DrillProgramTests {
    private func withScene(_ body: @Sendable (Keeper, SimulatedServer, String) async throws -> Void) async throws {
        try await withSimulatedServer { production in
            try await withKeeper { keeper in
                production.makeDatabases("orders")
                try production.fill("orders", count: 30)
                let server = ConfigurationText.Server(production)
                let vault = keeper.folder.appending(path: "vault").path(percentEncoded: false)
                try keeper.configure(
                    """
                    servers: { production: { url: "\(server.url)", user: "\(server.user)", password: "\(server.password)" } }
                    pairs:
                      - { source: production, target: vault, databases: [orders] }
                    unprotected: { report: false }
                    vault: { path: "\(vault)" }
                    """)
                #expect(try await keeper.check().exitCode == 0)
                try await body(keeper, production, vault)
            }
        }
    }

    @Test func theLightShowsWhatWasRehearsed() async throws {
        try await withScene { keeper, production, _ in
            #expect(try await keeper.status().report.pairs.first?.lights.restorable.state == .off)
            let drill = try await keeper.run("drill", "orders", "--server", "production")
            #expect(drill.exitCode == 0 && drill.output.contains("Equal"), "\(drill)")
            #expect(production.databaseNames.filter { $0.hasPrefix("couchkeep-drill-") } == [])
            for report in [try await keeper.status().report, try await keeper.check().report] {
                let light = try #require(report.pairs.first?.lights.restorable)
                #expect(light.state == .ok && light.summary.hasPrefix("moment #1 restored in "), "\(light)")
            }
            // The moment is kept by every prune from now on.
            let list = try await keeper.run("vault", "list", "orders", "--json")
            let moments = try JSONValue(parsing: Data(list.output.utf8))["backups"]?.array?.first?["moments"]?.array
            #expect(moments?.first?["verified"]?.string != nil, "\(list)")

            let json = try await keeper.run("drill", "vault:orders", "--at", "#1", "--in-memory", "--json")
            let result = try JSONValue(parsing: Data(json.output.utf8))
            #expect(json.exitCode == 0 && result["schema"] == "couchkeep/drill/1" && result["result"] == "equal")
            #expect(result["moment"] == 1 && result["documents"] == 30 && result["place"] == "memory")
        }
    }

    @Test func aDamagedVaultIsToldUntilADrillIsGood() async throws {
        try await withScene { keeper, production, vault in
            let file = try #require(
                FileManager.default.subpaths(atPath: vault)?.first { $0.hasSuffix("database.sqlite") })
            let path = URL(filePath: "\(vault)/\(file)")
            let sound = try Data(contentsOf: path)
            var bytes = sound
            let place = try #require(
                bytes.range(of: Data(#""_id":"document-1"#.utf8)) ?? bytes.range(of: Data("document-7".utf8)))
            // Content of documents begins here; the pages stay readable.
            for offset in 0..<4 { bytes[place.lowerBound + offset] ^= 0x04 }
            try bytes.write(to: path)
            let drill = try await keeper.run("drill", "orders", "--server", "production")
            #expect(drill.exitCode == 10 || drill.exitCode == 15, "\(drill)")
            #expect(production.databaseNames.filter { $0.hasPrefix("couchkeep-drill-") } == [])
            let checked = try await keeper.check()
            #expect(checked.finding("drill-failed")?.severity == .critical, "\(checked.details)")
            #expect(checked.report.pairs.first?.lights.restorable.state == .problem)
            #expect(try await Program.run(["explain", "drill-failed"]).exitCode == 0)

            try sound.write(to: path)
            #expect(try await keeper.run("drill", "orders", "--in-memory").exitCode == 0)
            #expect(try await keeper.status().report.pairs.first?.findings == [])
        }
    }

    @Test func whatAKilledDrillLeftIsNamedAndRemoved() async throws {
        try await withScene { keeper, production, _ in
            production.makeDatabases("couchkeep-drill-orders-0badf00d", "couchkeep-other")
            let named = try await keeper.run("drill", "orders", "--server", "production")
            #expect(named.exitCode == 0 && named.errors.contains("couchkeep-drill-orders-0badf00d"), "\(named)")
            #expect(production.databaseNames.contains("couchkeep-drill-orders-0badf00d"))
            let removed = try await keeper.run("drill", "orders", "--server", "production", "--remove-leftovers")
            #expect(removed.exitCode == 0, "\(removed)")
            #expect(Set(production.databaseNames).isSuperset(of: ["orders", "couchkeep-other"]))
            #expect(!production.databaseNames.contains { $0.hasPrefix("couchkeep-drill-") })
        }
    }

    /// A pair between two servers: what is rehearsed is the backup on the standby.
    @Test func aBackupOnAServer() async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                for server in [production, standby] { server.makeDatabases("orders") }
                try production.fill("orders", count: 12)
                try standby.fill("orders", count: 10)
                let (source, target) = (ConfigurationText.Server(production), ConfigurationText.Server(standby))
                try keeper.configure(
                    """
                    servers:
                      production: { url: "\(source.url)", user: "\(source.user)", password: "\(source.password)" }
                      standby: { url: "\(target.url)", user: "\(target.user)", password: "\(target.password)" }
                    pairs:
                      - { source: production, target: standby, databases: [orders], mode: watch }
                    unprotected: { report: false }
                    """)
                let drill = try await keeper.run("drill", "orders", "--server", "production", "--json")
                let result = try JSONValue(parsing: Data(drill.output.utf8))
                #expect(drill.exitCode == 0 && result["result"] == "equal", "\(drill)")
                #expect(result["documents"] == 10 && result["backup"]?.string?.hasPrefix(standby.baseURL) == true)
                for server in [production, standby] {
                    #expect(!server.databaseNames.contains { $0.hasPrefix("couchkeep-drill-") })
                }
                let light = try await keeper.check().report.pairs.first?.lights.restorable
                #expect(light?.state == .ok && light?.summary.hasPrefix("the backup restored in ") == true)
            }
        }
    }

    /// Another vault's backup of the same name says nothing about the pair.
    @Test func aDrillOfAnotherVaultIsNoEvidence() async throws {
        try await withScene { keeper, production, vault in
            let other = keeper.folder.appending(path: "other").path(percentEncoded: false)
            let backup = try await Program.run(
                ["backup", "\(production.baseURL)/orders", "--vault", other, "--user", production.administrator],
                environment: ["COUCHKEEP_PASSWORD": production.password.reveal()])
            #expect(backup.exitCode == 0, "\(backup)")
            func restorable() async throws -> Light? {
                try await keeper.status().report.pairs.first?.lights.restorable
            }
            let before = try await restorable()
            #expect(before?.state == .off)
            for name in ["orders", "vault:orders"] {
                let drill = try await keeper.run("drill", name, "--in-memory", "--vault", other)
                #expect(drill.exitCode == 0 && drill.output.contains("Equal"), "\(drill)")
                #expect(try await restorable() == before)
            }
            // The configured one, by its path as somebody else would write it.
            let drill = try await keeper.run("drill", "orders", "--in-memory", "--vault", "\(vault)/../vault/")
            let good = try await restorable()
            #expect(drill.exitCode == 0 && good?.state == .ok, "\(drill)")

            // Nor does damage there: neither the light nor a finding.
            let file = try #require(
                FileManager.default.subpaths(atPath: other)?.first { $0.hasSuffix("database.sqlite") })
            let handle = try FileHandle(forWritingTo: URL(filePath: "\(other)/\(file)"))
            try handle.seek(toOffset: 100)
            try handle.write(contentsOf: Data(repeating: 0xa5, count: 40_000))
            try handle.close()
            let bad = try await keeper.run("drill", "orders", "--in-memory", "--vault", other)
            #expect(bad.exitCode == 15 || bad.exitCode == 10, "\(bad)")
            let after = try await restorable()
            #expect(after?.state == .ok && after?.since == good?.since)
            #expect(try await keeper.check().finding("drill-failed") == nil)
        }
    }

    @Test func aPairIsNotVerifiedAgainstAnotherVault() async throws {
        try await withScene { keeper, _, vault in
            let other = keeper.folder.appending(path: "other").path(percentEncoded: false)
            for words in [["orders"], ["run", "vault:orders"], [], ["resume", "1"]] {
                let run = try await Program.run(["verify"] + words + ["--vault", other, "--config", keeper.file])
                #expect(run.exitCode == 2, "\(run)")
                #expect(run.errors.contains("another vault than --vault names"), "\(run)")
                #expect(run.errors.contains("leave --vault away"), "\(run)")
                #expect(run.errors.contains("couchkeep verify URL vault:NAME --vault \(other)"), "\(run)")
            }
            #expect(!FileManager.default.fileExists(atPath: other))
            let list = try await keeper.run("verify", "list")
            #expect(list.output.contains("no verification is remembered"), "\(list)")
            let own = try await keeper.run("verify", "orders", "--vault", "\(vault)/")
            #expect(own.exitCode == 0, "\(own)")
        }
    }

    /// A revision that the source does not hand out is in no backup: a copy that equals such a backup is not all there was.
    @Test func aMomentThatLacksSomethingIsNotEqual() async throws {
        try await withScene { keeper, production, _ in
            production.faults.add(Fault(.documentMissing(id: "document-3"), database: "orders"))
            try production.put("document-3", ["v": 2], in: "orders")
            #expect(try await keeper.check().finding("backup-incomplete") != nil)
            let json = try await keeper.run("drill", "orders", "--in-memory", "--json")
            let result = try JSONValue(parsing: Data(json.output.utf8))
            #expect(json.exitCode == 3 && result["result"] == "incomplete", "\(json)")
            #expect((result["setAside"]?.integer ?? 0) > 0, "\(json)")
            let text = try await keeper.run("drill", "orders", "--server", "production")
            #expect(text.exitCode == 3 && text.output.contains(" never copied into the backup"), "\(text)")
            #expect(!text.output.contains("Equal"), "\(text)")
            let list = try await keeper.run("vault", "list", "orders", "--json")
            let moments = try JSONValue(parsing: Data(list.output.utf8))["backups"]?.array?.first?["moments"]?.array
            #expect(moments?.last?["verified"]?.string == nil, "\(list)")
            let light = try #require(try await keeper.status().report.pairs.first).lights.restorable
            #expect(light.state == .unknown && light.summary.contains("equal, but "), "\(light)")
        }
    }

    @Test func aServerThatIsNotThereIsToldByTheCode() async throws {
        try await withScene { keeper, production, _ in
            let text = try String(contentsOfFile: keeper.file, encoding: .utf8)
            try keeper.write(
                text.replacing("servers: {", with: #"servers: { nowhere: { url: "http://127.0.0.1:1" },"#),
                to: "couchkeep.yaml")
            for server in ["nowhere", "http://127.0.0.1:1"] {
                let drill = try await keeper.run("drill", "orders", "--server", server)
                #expect(drill.exitCode == 14, "\(drill)")
            }
            #expect(try await keeper.status().report.pairs.first?.lights.restorable.state == .off)
            let locked = try await keeper.run(
                "drill", "orders", "--server", production.baseURL, "--user", "nobody",
                environment: ["COUCHKEEP_PASSWORD": "wrong"])
            #expect(locked.exitCode == 12, "\(locked)")
        }
    }

    @Test func saysWhatItLacks() async throws {
        try await withScene { keeper, _, _ in
            for words in [[], ["--in-memory", "--server", "production"], ["--server", "nowhere"]] {
                let run = try await Program.run(["drill", "orders"] + words + ["--config", keeper.file])
                #expect(run.exitCode == 2, "\(run)")
            }
            #expect(try await keeper.run("drill", "oders", "--in-memory").exitCode == 2)
            #expect(try await keeper.run("drill", "vault:none", "--in-memory").exitCode == 2)
        }
    }

    // MARK: By schedule

    private func addDrills(_ drill: String, to keeper: Keeper) throws {
        let text = try String(contentsOfFile: keeper.file, encoding: .utf8)
        try keeper.write("\(text)\ndrill: \(drill)\n", to: "couchkeep.yaml")
    }

    @Test func aCheckRehearsesWhatIsDue() async throws {
        try await withScene { keeper, production, _ in
            try addDrills("{ every: 7d, server: production }", to: keeper)
            let dry = try await keeper.check("--dry-run")
            #expect(dry.exitCode == 0 && dry.repairs.map(\.action) == ["drill"], "\(dry.details)")
            #expect(try await keeper.check("--no-verify").exitCode == 0, "its first drill is in time")
            let checked = try await keeper.check()
            let light = try #require(checked.report.pairs.first?.lights.restorable)
            #expect(checked.exitCode == 0 && light.state == .ok, "\(light)")
            #expect(production.databaseNames.filter { $0.hasPrefix("couchkeep-drill-") } == [])
            #expect(try await keeper.status().exitCode == 0)
        }
    }

    /// What stops a check in the middle of a drill leaves no scratch.
    @Test(arguments: [SIGINT, SIGTERM]) func aCheckThatIsStoppedRemovesItsScratch(signal: Int32) async throws {
        try await withScene { keeper, production, _ in
            try addDrills("{ every: 7d, server: production }", to: keeper)
            let stall = production.faults.add(
                Fault(.stall(afterBytes: 0), method: "POST", pathPrefix: "/couchkeep-drill-"))
            let end = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: Arguments(["check", "--config", keeper.file]), input: .none,
                output: .discarded, error: .discarded
            ) { execution in
                try await production.faults.struck(stall)
                try execution.send(signal: Signal(rawValue: signal))
            }.terminationStatus
            production.faults.remove(stall)
            #expect(end == .exited(20))
            #expect(production.databaseNames.filter { $0.hasPrefix("couchkeep-drill-") } == [])
            let pair = try #require(try await keeper.status().report.pairs.first)
            #expect(pair.lights.restorable.summary == "the drill came to no end: it was stopped", "\(pair)")
            #expect(pair.findings.map(\.rule) == ["drill-overdue"], "\(pair)")
        }
    }

    /// A server that no pair has is asked by nothing else.
    @Test func theServerForDrillsIsAskedByConfigCheck() async throws {
        try await withSimulatedServer { standby in
            try await withScene { keeper, _, _ in
                let server = ConfigurationText.Server(standby)
                let text = try String(contentsOfFile: keeper.file, encoding: .utf8)
                func configure(_ url: String) throws {
                    let member =
                        #"servers: { standby: { url: "\#(url)", user: "\#(server.user)", password: "\#(server.password)" },"#
                    try keeper.write(text.replacing("servers: {", with: member), to: "couchkeep.yaml")
                    try addDrills("{ every: 7d, server: standby }", to: keeper)
                }
                try configure(server.url)
                let good = try await keeper.run("config", "check")
                #expect(good.exitCode == 0 && good.output.contains("standby  \(server.url)  CouchDB"), "\(good)")
                try configure("http://127.0.0.1:1")
                let away = try await keeper.run("config", "check")
                #expect(away.exitCode == 14 && away.output.contains("where drills are to be made"), "\(away)")
            }
        }
    }
}
