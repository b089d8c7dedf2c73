import CouchDB
import CouchSim
import Foundation
import Subprocess
import Testing

/// A `couchkeep verify` that is killed while it compares is listed as interrupted, and comes to the same when it is resumed.
@Suite(.timeLimit(.minutes(5))) struct VerifyKillTests {
    /// Where it is killed.
    enum Point: Sendable {
        /// At the first page of a feed; nothing was written down.
        case beginning
        /// When the source's feed was read, which took so long that it was written down.
        case feed
        /// When it looks again at what seems to differ.
        case look
        /// When it asks for the first content.
        case firstContent
    }

    private struct Scene: Sendable {
        let keeper: Keeper
        let production: SimulatedServer
        let standby: SimulatedServer

        /// What the only verification has written down; nil before it has.
        func written() throws -> JSONValue? {
            let file = URL(filePath: keeper.state).appending(path: "verifications/1/state.json")
            guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { return nil }
            return try JSONValue(parsing: Data(contentsOf: file))
        }

        /// Runs the program until a point, and kills it there.
        func kill(at point: Point, _ arguments: [String]) async throws {
            switch point {
            case .beginning:
                try await kill(arguments, Fault(.stall(afterBytes: 2000), pathContains: "_changes"), at: production)
            case .look:
                try await kill(arguments, Fault(.stall(afterBytes: 0), pathContains: "_revs_diff"), at: standby)
            case .firstContent:
                try await kill(arguments, Fault(.stall(afterBytes: 0), pathContains: "_bulk_get"), at: production)
                #expect(try written()?["revisions"]?["counts"] != nil)
            // What takes less than five seconds is sooner read again than written down.
            case .feed:
                let slow = Fault(.drip(bytes: 10_000, every: .milliseconds(200)), pathContains: "_changes")
                try await kill(arguments, slow, at: production, writing: "comparison")
                #expect(try written()?["revisions"] == nil)
            }
        }

        /// Kills it when a fault has struck, or when a part of its state is written down.
        private func kill(
            _ arguments: [String], _ fault: Fault, at server: SimulatedServer, writing part: String? = nil
        ) async throws {
            let id = server.faults.add(fault)
            let end = try await Program.kill(arguments + ["--config", keeper.file]) {
                try await server.faults.struck(id)
                guard let part else { return }
                #expect(try await eventually(within: .seconds(60)) { try written()?[part] != nil })
            }
            server.faults.removeAll()
            #expect(end == .signaled(SIGKILL))
        }

        func json(_ arguments: [String]) async throws -> (code: Int32, answer: JSONValue) {
            let run = try await Program.run(arguments + ["--json", "--config", keeper.file])
            return (run.exitCode, try JSONValue(parsing: Data(run.output.utf8)))
        }

        /// Writes documents of the same revisions into both databases, of which the content differs.
        func plantContent(_ prefix: String, count: Int) async throws {
            for (server, content) in [(production, "right"), (standby, "wrong")] {
                let documents = (1...count).map { number -> JSONValue in
                    [
                        "_id": .string("\(prefix)-\(number)"), "content": .string(content),
                        "_rev": "1-0123456789abcdef0123456789abcdef",
                    ]
                }
                try await keeper.withConnection(to: server) { connection in
                    _ = try await connection.json(
                        .post, ["orders", "_bulk_docs"], body: ["new_edits": false, "docs": .array(documents)])
                }
            }
        }
    }

    /// 4,000 documents that both sides have, and differences of each kind in front of them and behind.
    private func withScene(_ body: @Sendable (Scene) async throws -> Void) async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                let scene = Scene(keeper: keeper, production: production, standby: standby)
                for server in [production, standby] { server.makeDatabases("orders") }
                for place in ["early", "late"] {
                    try await scene.plantContent("\(place)-content", count: 5)
                    try production.fill("orders", prefix: "\(place)-hole", count: 15)
                    try standby.fill("orders", prefix: "\(place)-stray", count: 10)
                    for server in [production, standby] {
                        try server.fill("orders", prefix: place == "early" ? "document" : "last", count: 2000)
                    }
                }
                _ = try production.put("document-7", ["value": "newer"], in: "orders")
                let (source, target) = (ConfigurationText.Server(production), ConfigurationText.Server(standby))
                try keeper.configure(
                    ConfigurationText(
                        production: source, standby: target, databases: "[orders]", pair: "mode: watch"
                    ).yaml)
                try await body(scene)
            }
        }
    }

    /// What does not depend on when it ran, and in what order it found what differs.
    private func essence(_ answer: JSONValue) throws -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        for name in ["result", "level", "counts", "bodies", "onTheirWay"] { members[name] = answer[name] }
        members["sequence"] = answer["asOf"]?["sequence"]
        let differences = try #require(answer["differences"]?.array)
        members["differences"] = .array(
            differences.sorted { ($0["id"]?.string ?? "") < ($1["id"]?.string ?? "") })
        return members
    }

    private func resumes(_ level: String, killedAt points: [Point]) async throws {
        try await withScene { scene in
            var command = ["verify", "orders", "--level", level]
            for point in points {
                try await scene.kill(at: point, command)
                let list = try await scene.json(["verify", "list"]).answer["verifications"]?.array ?? []
                #expect(list.map { $0["id"] } == [1] && list.map { $0["state"] } == ["interrupted"], "\(list)")
                #expect(list.first?["result"]?.string == nil && list.first?["level"]?.string == level)
                let text = try await scene.keeper.run("verify", "list")
                #expect(text.output.contains("interrupted"), "\(text)")
                let repair = try await scene.json(["repair", "orders", "--verification", "1", "--dry-run"])
                #expect(repair.code == 3 && repair.answer["doubt"]?.string != nil, "\(repair.answer)")
                command = ["verify", "resume", "1"]
            }
            let resumed = try await scene.json(command)
            #expect(resumed.code == 10, "\(resumed.answer)")
            #expect(resumed.answer["verification"]?["id"] == 1)
            #expect(resumed.answer["verification"]?["state"] == "ended")

            let whole = try await scene.json(["verify", "orders", "--level", level])
            #expect(whole.code == 10 && whole.answer["verification"]?["id"] == 2)
            let (found, expected) = (try essence(resumed.answer), try essence(whole.answer))
            for (name, value) in expected { #expect(found[name] == value, "\(name)") }
            #expect(found.count == expected.count)
            let counts = try #require(expected["counts"])
            #expect(counts["missing"] == 30 && counts["extra"] == 20 && counts["otherLeaves"] == 1, "\(counts)")
            #expect(counts["bodyDiffers"] == (level == "bodies" ? 10 : 0), "\(counts)")
            #expect(expected["differences"]?.array?.count == (level == "bodies" ? 61 : 51))

            let again = try await Program.run(["verify", "resume", "1", "--config", scene.keeper.file])
            #expect(again.exitCode == 2 && again.errors.contains("has come to its verdict"), "\(again)")
            let left = try FileManager.default.contentsOfDirectory(atPath: scene.keeper.state + "/verifications")
            #expect(!left.contains("1") && !left.contains("2"), "\(left)")
        }
    }

    @Test("Of revisions", arguments: [[Point.beginning], [.look], [.feed, .look]])
    func ofRevisions(points: [Point]) async throws { try await resumes("revisions", killedAt: points) }

    @Test("Of bodies", arguments: [[Point.beginning, .firstContent], [.feed, .firstContent]])
    func ofBodies(points: [Point]) async throws { try await resumes("bodies", killedAt: points) }
}
