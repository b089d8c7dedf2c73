import CouchDB
import CouchSim
import NIOHTTP1
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FaultTests {
    private func withServer(_ body: @Sendable (SimulatedServer, RawClient) async throws -> Void) async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("a", "b")
            try server.fill("a", count: 3)
            let client = RawClient(baseURL: server.baseURL, user: server.administrator, password: server.password)
            try await body(server, client)
            server.faults.removeAll()
            #expect(try await client.send(.GET, "/a").status == 200, "all is well again")
        }
    }

    @Test(arguments: [
        Fault.Effect.hangUp, .cut(afterBytes: 0), .cut(afterBytes: 10),
    ])
    func breaksConnections(_ effect: Fault.Effect) async throws {
        try await withServer { server, client in
            server.faults.add(Fault(effect))
            await #expect(throws: (any Error).self) { try await client.send(.GET, "/a") }
        }
    }

    @Test func refusesConnectionsAndListensAgain() async throws {
        try await withServer { server, client in
            try await server.refuseConnections()
            await #expect(throws: (any Error).self) { try await client.send(.GET, "/a") }
            try await server.acceptConnections()
        }
    }

    @Test func standsStillUntilTheFaultIsTakenBack() async throws {
        try await withServer { server, client in
            let fault = server.faults.add(Fault(.stall(afterBytes: 5), pathPrefix: "/a", count: 1))
            try await withThrowingTaskGroup { group in
                group.addTask { try await client.send(.GET, "/a").status }
                try await server.faults.struck(fault)
                #expect(try await client.send(.GET, "/b").status == 200, "others are answered meanwhile")
                server.faults.remove(fault)
                #expect(try await group.next() == 200)
            }
        }
    }

    @Test func dripsTheWholeAnswer() async throws {
        try await withServer { server, client in
            let whole = try await client.send(.GET, "/a/_all_docs")
            server.faults.add(Fault(.drip(bytes: 7, every: .microseconds(100))))
            #expect(try await client.send(.GET, "/a/_all_docs").bytes == whole.bytes)
        }
    }

    @Test func answersErrorsAndPages() async throws {
        try await withServer { server, client in
            let fault = server.faults.add(Fault(Fault.serverError, method: "GET", database: "a", count: 2))
            for _ in 1...2 { #expect(try await client.send(.GET, "/a").status == 500) }
            #expect(try await client.send(.GET, "/a").status == 200, "the count is used up")
            #expect(server.faults.strikes(of: fault) == 2)
            server.faults.add(Fault(.tooManyRequests(retryAfter: 3), pathContains: "_changes"))
            let busy = try await client.send(.GET, "/a/_changes")
            #expect(busy.status == 429 && busy.headers["retry-after"] == "3")
            server.faults.add(Fault(.page("<html>log in</html>", status: 200), pathPrefix: "/b"))
            let page = try await client.send(.GET, "/b")
            #expect(page.status == 200 && page.headers["content-type"] == "text/html")
        }
    }

    @Test func repeatsRowsAndRewindsFeeds() async throws {
        try await withServer { server, client in
            let all = try await client.send(.GET, "/a/_changes").body
            let last = all["last_seq"]?.string ?? ""
            server.faults.add(Fault(.rewind, count: 1))
            let again = try await client.send(.GET, "/a/_changes?since=\(last)").body
            #expect(again["results"] == all["results"])
            server.faults.add(Fault(.duplicateRows, count: 1))
            #expect(try await client.send(.GET, "/a/_changes").body["results"]?.array?.count == 6)
            server.faults.add(Fault(.pendingUnknown, count: 1))
            #expect(try await client.send(.GET, "/a/_changes?limit=0").body["pending"] == .null)
        }
    }

    @Test func hidesDocumentsAndJobs() async throws {
        try await withServer { server, client in
            server.faults.add(Fault(.documentMissing(id: "document-1")))
            #expect(try await client.send(.GET, "/a/document-1").status == 404)
            #expect(try await client.send(.GET, "/a/_changes").body["results"]?.array?.count == 3)
            let body: JSONValue = ["source": "http://127.0.0.1:9/x", "target": "http://127.0.0.1:9/y"]
            try server.put("r", body, in: "_replicator")
            try await server.scheduler.reaches(.crashing, documentID: "r")
            let hidden = server.faults.add(Fault(.hideJobs))
            #expect(try await client.send(.GET, "/_scheduler/jobs").body["total_rows"] == 0)
            server.faults.remove(hidden)
            server.faults.add(Fault(.stateUnknown(documentID: "r")))
            #expect(try await client.send(.GET, "/_scheduler/docs").body["docs"] == [])
            #expect(try await client.send(.GET, "/_scheduler/docs").body["total_rows"] == 1)
            let row = try await client.send(.GET, "/_scheduler/docs/_replicator/r")
            #expect(row.status == 200 && row.body["state"] == .null)
        }
    }
}
