import CouchDB
import CouchSim
import Foundation
import Testing

/// `couchkeep verify` and `couchkeep repair` as a script runs them: exit codes and JSON.
@Suite(.timeLimit(.minutes(3))) struct VerifyProgramTests {
    private struct Scene: Sendable {
        let server: SimulatedServer

        func run(_ command: String, _ options: String...) async throws -> Program.Run {
            try await Program.run(
                [command, "\(server.baseURL)/orders", "\(server.baseURL)/copy", "--user", server.administrator]
                    + options, environment: ["COUCHKEEP_PASSWORD": "secret"])
        }

        func json(_ command: String, _ options: String...) async throws -> (code: Int32, answer: JSONValue) {
            let run = try await Program.run(
                [
                    command, "\(server.baseURL)/orders", "\(server.baseURL)/copy", "--user", server.administrator,
                    "--json",
                ]
                    + options, environment: ["COUCHKEEP_PASSWORD": "secret"])
            return (run.exitCode, try JSONValue(parsing: Data(run.output.utf8)))
        }
    }

    /// Two databases with the same revisions, and some documents that only one of them has.
    private func withScene(missing: Int, extra: Int, _ body: @Sendable (Scene) async throws -> Void) async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("orders", "copy")
            // The same content makes the same revisions.
            try server.fill("orders", count: 30)
            try server.fill("copy", count: 30)
            if missing > 0 { try server.fill("orders", prefix: "hole", count: missing) }
            if extra > 0 { try server.fill("copy", prefix: "stray", count: extra) }
            try await body(Scene(server: server))
        }
    }

    @Test func provesEachBodyOfEqualDatabases() async throws {
        try await withScene(missing: 0, extra: 0) { scene in
            let (code, answer) = try await scene.json("verify", "--level", "bodies", "--self-test")
            #expect(code == 0, "\(answer)")
            #expect(answer["schema"] == "couchkeep/verification/1" && answer["result"] == "equal")
            #expect(answer["level"] == "bodies" && answer["selfTest"] == "passed")
            #expect(answer["counts"]?["equal"] == 30 && answer["bodies"]?["revisions"] == 30)
            #expect(answer["bodies"]?["proved"] == 30, "\(String(describing: answer["bodies"]))")
            let text = try await scene.run("verify", "--level", "bodies", "--share", "50%")
            #expect(text.exitCode == 0 && text.output.contains("share"), "\(text.output)")
            #expect(text.output.contains("proved by their own revisions"))
        }
    }

    @Test func removesNothingWithoutAYes() async throws {
        try await withScene(missing: 2, extra: 3) { scene in
            let (code, answer) = try await scene.json("verify")
            #expect(code == 10 && answer["counts"]?["missing"] == 2 && answer["counts"]?["extra"] == 3)
            #expect(answer["differences"]?.array?.count { $0["reason"] == "stray-write" } == 3)

            let dry = try await scene.json("repair", "--dry-run", "--remove-extra")
            #expect(dry.code == 10 && dry.answer["extra"]?.array?.count == 3 && dry.answer["copied"] == nil)
            #expect(try scene.server.documentCount(of: "copy") == 33)

            // A source that was set back would look so too.
            let unexplained = try await scene.run("repair", "--remove-extra", "--confirm")
            #expect(unexplained.exitCode == 10 && unexplained.output.contains("3 documents stay"), "\(unexplained)")
            #expect(unexplained.output.contains("--remove-unexplained"), "\(unexplained)")
            #expect(try scene.server.documentCount(of: "copy") == 35)

            let asked = try await scene.run("repair", "--remove-extra", "--remove-unexplained")
            #expect(asked.exitCode == 16 && asked.errors.contains("--confirm"), "\(asked.errors)")
            #expect((1...3).allSatisfy { asked.output.contains("stray-\($0)") })
            #expect(try scene.server.documentCount(of: "copy") == 35)

            let kept = try await scene.run("repair")
            #expect(kept.exitCode == 10 && kept.output.contains("they stay"))

            let done = try await scene.json("repair", "--remove-extra", "--remove-unexplained", "--confirm")
            #expect(done.code == 0 && done.answer["removal"]?["purged"] == 3, "\(done.answer)")
            #expect(try scene.server.documentCount(of: "copy") == 32)
            #expect(try await scene.run("verify").exitCode == 0)
        }
    }

    @Test func tellsWhatTheTargetRefuses() async throws {
        try await withScene(missing: 4, extra: 0) { scene in
            scene.server.validate("copy") { document throws(Refusal) in
                if document["_id"]?.string == "hole-2" { throw .forbidden("no second hole") }
            }
            let (code, answer) = try await scene.json("repair")
            #expect(code == 3 && answer["copied"] == 3)
            #expect(answer["refused"]?.array?.map { $0["id"]?.string } == ["hole-2"])
            #expect(answer["refused"]?.array?.first?["reason"] == "no second hole")
            #expect(answer["remaining"]?.array?.map { $0["id"]?.string } == ["hole-2"])
        }
    }

    @Test(arguments: [
        ["--share", "1%"], ["--self-test", "--level", "counts"], ["--level", "bodies", "--share", "0%"],
    ])
    func refusesOptionsThatDontFit(_ options: [String]) async throws {
        let run = try await Program.run(["verify", "http://localhost:1/a", "http://localhost:1/b"] + options)
        #expect(run.exitCode == 2)
    }
}
