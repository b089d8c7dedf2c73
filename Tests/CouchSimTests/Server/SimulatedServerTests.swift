import CouchDB
import CouchSim
import Foundation
import NIOHTTP1
import Secrets
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SimulatedServerTests {
    private func client(_ server: SimulatedServer) -> RawClient {
        RawClient(baseURL: server.baseURL, user: server.administrator, password: server.password)
    }

    @Test func keepsItsStateOverARestartOnTheSamePort() async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("a")
            try server.fill("a", count: 3)
            let before = try await client(server).send(.GET, "/a").body
            try await server.stop()
            await #expect(throws: (any Error).self) { try await client(server).send(.GET, "/a") }
            try await server.start()
            #expect(try await client(server).send(.GET, "/a").body == before)
        }
    }

    @Test func goesBackToASnapshotOfOneDatabase() async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("a", "b")
            try server.fill("a", count: 2)
            try await client(server).send(.PUT, "/a/_local/mark", ["n": 1])
            let before = try await client(server).send(.GET, "/a").body
            let snapshot = try server.snapshot(of: "a")
            try server.fill("a", prefix: "later", count: 5)
            try server.fill("b", count: 1)
            try await client(server).send(.PUT, "/a/_local/mark", ["n": 2])
            try server.rollback(to: snapshot)
            #expect(try await client(server).send(.GET, "/a").body == before)
            #expect(try await client(server).send(.GET, "/a/_local/mark").body["n"] == 1)
            #expect(try server.documentCount(of: "b") == 1)
            try server.dropDatabase("a")
            server.makeDatabases("a")
            #expect(throws: SimulationError.self) { try server.rollback(to: snapshot) }
        }
    }

    @Test func refusesWhatARuleInSwiftRefuses() async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("a")
            server.validate("a") { (document: JSONValue) throws(Refusal) in
                if document["kind"] == "secret" { throw .forbidden("no secrets here") }
            }
            let answer = try await client(server).send(.PUT, "/a/x", ["kind": "secret"])
            #expect(answer.status == 403 && answer.body["reason"] == "no secrets here")
            #expect(try await client(server).send(.PUT, "/a/x", ["kind": "known"]).status == 201)
            server.validate("a", with: nil)
            #expect(try await client(server).send(.PUT, "/a/y", ["kind": "secret"]).status == 201)
        }
    }

    /// Cookies end with their time, and with the password that they were made with.
    @Test func endsSessions() async throws {
        let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
        let holder = Holder(time: time)
        var options = ServerOptions()
        options.now = { holder.time.withLock { $0 } }
        try await withSimulatedServer(options) { server in
            func logIn() async throws -> String {
                let answer = try await client(server).asking(as: nil).send(
                    .POST, "/_session", ["name": "admin", "password": "secret"])
                return String((answer.headers["set-cookie"] ?? "").prefix { $0 != ";" })
            }
            func name(_ cookie: String) async throws -> JSONValue? {
                let answer = try await client(server).asking(as: nil).send(
                    .GET, "/_session", headers: ["Cookie": cookie])
                return answer.body["userCtx"]?["name"]
            }
            let cookie = try await logIn()
            #expect(try await name(cookie) == "admin")
            holder.time.withLock { $0 += 599 }
            #expect(try await name(cookie) == "admin")
            holder.time.withLock { $0 += 2 }
            #expect(try await name(cookie) == .null)
            let other = try await logIn()
            server.setPassword(Secret("new"), of: "admin")
            #expect(try await name(other) == .null)
        }
    }

    @Test func countsRequestsByKind() async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("a")
            server.requests.reset()
            for id in ["x", "y"] { try await client(server).send(.GET, "/a/\(id)") }
            try await client(server).send(.GET, "/a/_local/z")
            try await client(server).send(.GET, "/_scheduler/docs/_replicator/z")
            #expect(
                server.requests.counted == [
                    "GET /{db}/{id}": 2, "GET /{db}/_local/{id}": 1, "GET /_scheduler/docs/{id}/{id}": 1,
                ])
            #expect(server.requests.total == 4)
        }
    }

    /// A feed wakes up by a change, and ends when the server stops.
    @Test func wakesWaitingFeeds() async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("a")
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await client(server).send(.GET, "/a/_changes?feed=longpoll&since=now&timeout=30000")
                        .body["results"]?.array?.first?["id"]
                }
                #expect(try await eventually { server.requests.counted["GET /{db}/_changes"] == 1 })
                try server.put("new", in: "a")
                #expect(try await group.next() == .some(.string("new")))
            }
        }
    }
}

/// Shares a clock's time with a closure.
private final class Holder: Sendable {
    let time: Mutex<Date>
    init(time: consuming Mutex<Date>) { self.time = time }
}
