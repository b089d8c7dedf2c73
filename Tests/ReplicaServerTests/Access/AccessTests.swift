import CouchDB
import Foundation
import NIOHTTP1
import Replication
import Secrets
import Testing

@testable import ReplicaServer

@Suite(.timeLimit(.minutes(1)))
struct AccessTests {
    private let none = ServedDatabases(names: { [] }, open: { _ in nil })

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.7", "couch.example.org", "127.0.0.1.example.org"])
    func doesNotStartUnprotectedWhereOthersReachIt(host: String) {
        let error = #expect(throws: BindingError.self) {
            try ReplicaListener(none, options: ServerOptions(host: host, uuid: "u"))
        }
        #expect(error?.code == .unprotectedAddress)
        #expect(throws: Never.self) {
            try ReplicaListener(none, options: ServerOptions(host: host, access: .token(Secret("t")), uuid: "u"))
        }
    }

    @Test(arguments: ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
    func startsOnLoopback(host: String) {
        #expect(throws: Never.self) { try ReplicaListener(none, options: ServerOptions(host: host, uuid: "u")) }
    }

    @Test(arguments: [
        ServerAccess.token(Secret("")), .basic(user: "", password: Secret("p")),
        .basic(user: "u", password: Secret("")),
        .basic(user: "u:v", password: Secret("p")),
    ])
    func refusesEmptyCredentials(access: ServerAccess) {
        let error = #expect(throws: BindingError.self) {
            try ReplicaListener(none, options: ServerOptions(access: access, uuid: "u"))
        }
        #expect(error?.code == .unusableCredentials)
    }

    @Test func demandsBasicAuthentication() async throws {
        try await withServer(["db": MemoryReplica()], access: .basic(user: "u", password: Secret("p:q"))) { server in
            let none = try await server.client.get("/db")
            #expect(none.status == 401 && none.headers.first(name: "www-authenticate")?.hasPrefix("Basic") == true)
            for wrong in ["Basic " + encoded("u:p"), "Basic x", "Bearer p:q", "Basic " + encoded("u:p:q") + "x"] {
                let answer = try await server.client.get("/db", headers: ["Authorization": wrong])
                #expect(answer.status == 401 && answer.json["error"] == "unauthorized")
                #expect(!answer.text.contains("p:q"))
            }
            let right = try await server.client.get("/db", headers: ["Authorization": "Basic " + encoded("u:p:q")])
            #expect(right.status == 200)
            #expect(try await server.client.get("/_up").status == 200)
        }
    }

    /// Nobody fills the memory who may not read.
    @Test(arguments: ["/db/_bulk_get", "/_session"])
    func takesNoBodyFromStrangers(path: String) async throws {
        let access = ServerAccess.token(Secret("tok"))
        try await withServer(["db": MemoryReplica()], access: access, adjust: { $0.bodyLimit = 1000 }) { server in
            let body = #"{"docs":[]}"# + String(repeating: " ", count: 1 << 20)
            let answer = try await server.client.send(.POST, path, body)
            // With status 413 the body would have been read up to the limit.
            #expect(answer.status == (path == "/_session" ? 404 : 401))
            let known = try await server.client.send(
                .POST, "/db/_bulk_get", body, headers: ["Authorization": "Bearer tok"])
            #expect(known.status == 413)
        }
    }

    @Test func demandsAToken() async throws {
        try await withServer(["db": MemoryReplica()], access: .token(Secret("tok"))) { server async throws in
            #expect(try await server.client.get("/").status == 401)
            #expect(try await server.client.get("/", headers: ["Authorization": "Bearer to"]).status == 401)
            #expect(try await server.client.get("/", headers: ["Authorization": "bearer tok"]).status == 200)
        }
    }

    /// A web page whose name was made to lead to this machine must not read a backup.
    @Test func answersOnlyUnderTheNameOfThisMachineWhereItIsOpen() async throws {
        try await withServer(["db": MemoryReplica()]) { server async throws in
            #expect(try await server.client.get("/db", headers: ["Host": "evil.example.org"]).status == 403)
            #expect(try await server.client.get("/db", headers: ["Host": "localhost:1"]).status == 200)
        }
    }

    private func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
