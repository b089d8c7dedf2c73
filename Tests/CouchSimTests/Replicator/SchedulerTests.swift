import CouchDB
import CouchSim
import Foundation
import NIOHTTP1
import Secrets
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SchedulerTests {
    private func client(_ server: SimulatedServer) -> RawClient {
        RawClient(baseURL: server.baseURL, user: server.administrator, password: server.password)
    }

    private func side(_ server: SimulatedServer, _ database: String, password: String = "secret") -> JSONValue {
        [
            "url": .string("\(server.baseURL)/\(database)"),
            "auth": ["basic": ["username": "admin", "password": .string(password)]],
        ]
    }

    private func pull(
        _ database: String, _ source: SimulatedServer, _ target: SimulatedServer, _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "source": side(source, database), "target": side(target, database), "continuous": true,
            "retries_per_request": 1,
        ]
        members.merge(more) { _, new in new }
        return .object(members)
    }

    private func row(_ server: SimulatedServer, _ id: String) async throws -> JSONValue {
        try await client(server).send(.GET, "/_scheduler/docs/_replicator/\(id)").body
    }

    @Test func noticesChangesAndStopsWithItsDocument() async throws {
        try await withSimulatedServers { source, target in
            for server in [source, target] { server.makeDatabases("a") }
            try source.fill("a", count: 700)
            try target.put("r", pull("a", source, target), in: "_replicator")
            try await target.scheduler.caughtUp("r")
            try source.delete("document-7", in: "a")
            try source.put("late", in: "a")
            try await target.scheduler.caughtUp("r")
            #expect(try target.leaves(of: "a") == source.leaves(of: "a"))
            try target.delete("r", in: "_replicator")
            try await target.scheduler.forgets("r")
            #expect(try await client(target).send(.GET, "/_scheduler/jobs").body["total_rows"] == 0)
        }
    }

    @Test func takesTurnsWhereThereAreMoreJobsThanPlaces() async throws {
        try await withSimulatedServers { source, target in
            for server in [source, target] { server.makeDatabases("a", "b", "c") }
            try await client(target).send(.PUT, "/_node/_local/_config/replicator/max_jobs", "1")
            for name in ["a", "b", "c"] {
                try source.fill(name, count: 3)
                try target.put(name, pull(name, source, target), in: "_replicator")
            }
            for name in ["a", "b", "c", "a"] { try await target.scheduler.caughtUp(name) }
            let states = try await client(target).send(.GET, "/_scheduler/docs").body["docs"]?.array?.map {
                $0["state"]
            }
            #expect(states?.count { $0 == "running" } ?? 0 <= 1)
            for name in ["a", "b", "c"] { #expect(try target.documentCount(of: name) == 3) }
        }
    }

    @Test func forgetsTransientJobsAtARestart() async throws {
        try await withSimulatedServers { source, target in
            for server in [source, target] { server.makeDatabases("a", "b") }
            try target.put("r", pull("a", source, target), in: "_replicator")
            try await client(target).send(.POST, "/_replicate", pull("b", source, target))
            try await target.scheduler.caughtUp("r")
            #expect(try await client(target).send(.GET, "/_scheduler/jobs").body["total_rows"] == 2)
            try await target.restart()
            try await target.scheduler.caughtUp("r")
            let jobs = try await client(target).send(.GET, "/_scheduler/jobs").body
            #expect(jobs["total_rows"] == 1)
            #expect(jobs["jobs"]?.array?.first?["doc_id"] == "r")
        }
    }

    /// An edit that alters nothing of the replication is none; one of another option restarts it from its checkpoint.
    @Test func restartsOnlyForAChangeThatMatters() async throws {
        try await withSimulatedServers { source, target in
            for server in [source, target] { server.makeDatabases("a") }
            try source.fill("a", count: 5)
            try target.put("r", pull("a", source, target), in: "_replicator")
            try await target.scheduler.caughtUp("r")
            let before = try await client(target).send(.GET, "/_scheduler/jobs").body["jobs"]?.array?.first
            try target.put("r", pull("a", source, target, ["comment": "no matter"]), in: "_replicator")
            try await target.scheduler.idle()
            let same = try await client(target).send(.GET, "/_scheduler/jobs").body["jobs"]?.array?.first
            #expect(same?["pid"] == before?["pid"])
            try target.put("r", pull("a", source, target, ["worker_batch_size": 499]), in: "_replicator")
            try await target.scheduler.idle()
            let other = try await client(target).send(.GET, "/_scheduler/jobs").body["jobs"]?.array?.first
            #expect(other?["pid"] != before?["pid"])
            #expect(other?["id"] == before?["id"])
            #expect(other?["info"]?["docs_written"] == 5, "the counters go on from the checkpoint")
        }
    }

    @Test func crashesWithoutItsSourceAndComesBackWithIt() async throws {
        try await withSimulatedServers { source, target in
            for server in [source, target] { server.makeDatabases("a") }
            try source.fill("a", count: 3)
            try target.put("r", pull("a", source, target), in: "_replicator")
            try await target.scheduler.caughtUp("r")
            try await source.stop()
            try await target.scheduler.crashes(saying: "econnrefused", documentID: "r")
            try await source.start()
            try source.put("after", in: "a")
            try await target.scheduler.caughtUp("r")
            #expect(try target.documentCount(of: "a") == 4)

            source.setPassword(Secret("changed"), of: "admin")
            try await target.scheduler.crashes(saying: "session_request_unauthorized", documentID: "r")
            source.setPassword(Secret("secret"), of: "admin")
            try await target.scheduler.caughtUp("r")
        }
    }

    @Test(arguments: [ServerVersion(3, 5), ServerVersion(2, 3, 1)])
    func noticesATargetMadeAnewFromThreeThreeOn(_ version: ServerVersion) async throws {
        let options = ServerOptions(version: version)
        try await withSimulatedServers(options, options) { source, target in
            for server in [source, target] { server.makeDatabases("a") }
            try source.fill("a", count: 3)
            try target.put("r", pull("a", source, target), in: "_replicator")
            try await target.scheduler.caughtUp("r")
            try target.dropDatabase("a")
            target.makeDatabases("a")
            try source.put("next", in: "a")
            if version >= ServerVersion(3, 3) {
                try await target.scheduler.crashes(1, documentID: "r")
                // The new database has no checkpoint: everything is copied again.
                try await target.scheduler.caughtUp("r")
                #expect(try target.documentCount(of: "a") == 4)
            } else {
                try await target.scheduler.caughtUp("r")
                #expect(try target.documentCount(of: "a") == 1, "the checkpoint went into the empty database")
                #expect(try await row(target, "r")["state"] == "running")
            }
        }
    }

    @Test func ignoresDocumentsThatAreOver() async throws {
        try await withSimulatedServers { source, target in
            for server in [source, target] { server.makeDatabases("a") }
            try source.fill("a", count: 1)
            try target.put(
                "old", pull("a", source, target, ["_replication_state": "failed", "_replication_state_reason": "why"]),
                in: "_replicator")
            try await target.scheduler.reaches(.failed, documentID: "old")
            try await target.restart()
            try await target.scheduler.idle()
            #expect(try await row(target, "old")["info"]?["error"] == "why")
            #expect(try target.documentCount(of: "a") == 0)
        }
    }

    @Test func oldServersGiveUpAfterTenRetries() async throws {
        var options = ServerOptions(version: ServerVersion(1, 7, 1))
        options.pace = 1.0 / 100_000
        try await withSimulatedServer(options) { server in
            server.makeDatabases("a")
            let body: JSONValue = ["source": "http://127.0.0.1:9/x", "target": side(server, "a"), "continuous": true]
            try server.put("r", body, in: "_replicator")
            try await server.scheduler.givesUp("r")
            #expect(try await client(server).send(.GET, "/_active_tasks").body == [])
            let document = try await client(server).send(.GET, "/_replicator/r").body
            #expect(document["_replication_state"] == "error")
            #expect(document["_replication_id"]?.string?.isEmpty == false)
            #expect(document["_replication_state_reason"]?.string?.contains("econnrefused") == true)
        }
    }
}
