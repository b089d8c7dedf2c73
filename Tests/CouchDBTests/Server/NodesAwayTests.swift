import Secrets
import Testing

@testable import CouchDB

/// What the nodes of a cluster that are away take with them.
@Suite struct NodesAwayTests {
    private func counts(_ n: Int, w: Int? = nil) throws -> CopyCounts { try #require(CopyCounts(n: n, w: w)) }

    private func cluster(_ size: Int, away: Int...) -> Membership {
        let all = (1...size).map { "a\($0)@host" }
        return Membership(allNodes: all.filter { !away.map { "a\($0)@host" }.contains($0) }, clusterNodes: all)
    }

    /// Each range on nodes beside each other.
    private func shards(_ q: Int, n: Int, on size: Int) -> ShardCopies {
        ShardCopies(
            nodes: Dictionary(
                uniqueKeysWithValues: (0..<q).map { range in
                    ("\(range)", (0..<n).map { "a\((range + $0) % size + 1)@host" })
                }))
    }

    @Test func oneOfThreeHidesNothing() throws {
        let away = try #require(NodesAway(cluster(3, away: 2), shards(4, n: 3, on: 3), try counts(3)))
        #expect(away.hiding == nil && away.thinness == nil)
        #expect(away.summary == "1 of 3 nodes (a2@host) is away")
        #expect(cluster(3, away: 2).missingSummary == away.summary && cluster(3).missingSummary == nil)
    }

    @Test func twoOfThreeMayHideAndTakeTooFewCopies() throws {
        let away = try #require(NodesAway(cluster(3, away: 2, 1), shards(4, n: 3, on: 3), try counts(3)))
        #expect(
            away.hiding == "2 of 3 nodes (a1@host, a2@host) are away: what was acknowledged may not be visible")
        #expect(
            away.thinness
                == "2 of 3 nodes (a1@host, a2@host) are away: what was written may be on one copy alone")
    }

    /// Both copies have what was acknowledged, and the one that is left takes writes alone.
    @Test func oneOfTwoTakesTooFewCopiesAndHidesNothing() throws {
        let away = try #require(NodesAway(cluster(2, away: 1), shards(2, n: 2, on: 2), try counts(2)))
        #expect(away.hiding == nil)
        #expect(away.thinness?.hasSuffix("on one copy alone") == true)
    }

    @Test func countsTheCopiesOfEachRange() throws {
        // Of six nodes, those three have no two copies of any range.
        let apart = try #require(NodesAway(cluster(6, away: 1, 4), shards(6, n: 3, on: 6), try counts(3)))
        #expect(apart.hiding == nil && apart.leastCopies == 2)
        let together = try #require(NodesAway(cluster(6, away: 1, 2), shards(6, n: 3, on: 6), try counts(3)))
        #expect(together.mayHideWrites && together.missesQuorum)
        // A database that has no copy on them lacks nothing.
        #expect(NodesAway(cluster(6, away: 5, 6), shards(1, n: 3, on: 6), try counts(3)) == nil)
        // Where nobody tells where the copies lie, they may be beside each other.
        let untold = try #require(NodesAway(cluster(6, away: 1, 4), nil, try counts(3)))
        #expect(untold.mayHideWrites && untold.nodes == ["a1@host", "a4@host"])
    }

    @Test func goesByTheQuorumThatTheDatabaseTells() throws {
        let away = try #require(NodesAway(cluster(4, away: 1, 2), shards(1, n: 4, on: 4), try counts(4, w: 3)))
        #expect(!away.mayHideWrites && away.missesQuorum && away.leastCopies == 2)
        #expect(away.thinness?.hasSuffix("on 2 copies alone") == true)
    }

    @Test func theWorseOfTwoLooksCounts() throws {
        let one = NodesAway(cluster(3, away: 2), shards(4, n: 3, on: 3), try counts(3))
        let two = NodesAway(cluster(3, away: 1, 2), shards(4, n: 3, on: 3), try counts(3))
        #expect(NodesAway.worse(nil, nil) == nil)
        #expect(NodesAway.worse(one, nil) == one && NodesAway.worse(nil, one) == one)
        #expect(NodesAway.worse(one, two) == two && NodesAway.worse(two, one) == two)
    }

    /// Each refusal takes two requests and a login.
    @Test func whoMayNotAskIsNotRefusedEachTime() async throws {
        let script: ScriptedServer.Script = { request, _ in
            switch (request.method, request.path) {
            case ("POST", "/_session"): .answer(200, "{}", headers: ["Set-Cookie": "AuthSession=c"])
            case (_, "/_session"): .json(#"{"ok":true,"userCtx":{"name":"reader","roles":[]}}"#)
            case (_, "/_membership"):
                .answer(401, #"{"error":"unauthorized","reason":"You are not a server admin."}"#)
            default: .greeting("3.5.0")
            }
        }
        let pacing = ManualPacing()
        let reader = Authentication.session(user: "reader", password: Secret("secret"))
        try await withConnection(reader, pacing: pacing.pacing, script: script) { (connection, server) async throws in
            for _ in 0..<3 { #expect(try await connection.knownMembership() == nil) }
            #expect(server.requests.count { $0.path == "/_membership" } == 2)
            pacing.advance(.seconds(601))
            #expect(try await connection.knownMembership() == nil)
            #expect(server.requests.count { $0.path == "/_membership" } > 2)
        }
    }

    @Test func readsWhatServersTell() throws {
        let answer: JSONValue = [
            "db_name": "orders", "update_seq": "1-x", "doc_count": 1,
            "cluster": ["q": 2, "n": 3, "w": 2, "r": 2],
        ]
        let told = try DatabaseInfo(answer: answer).copyCounts
        #expect(told?.copies == 3 && told?.quorum == 2)
        #expect(CopyCounts(n: 1, w: 1) == nil && CopyCounts(n: nil, w: nil) == nil)
        #expect([1, 2, 3, 4].map { CopyCounts(n: $0, w: nil)?.quorum } == [nil, 2, 2, 3])
        let shards = try ShardCopies(answer: ["shards": ["00000000-7fffffff": ["a1@host", "a2@host"]]])
        #expect(shards.nodes == ["00000000-7fffffff": ["a1@host", "a2@host"]])
        #expect(throws: CouchError.self) { try ShardCopies(answer: ["shards": [:]]) }
    }
}
