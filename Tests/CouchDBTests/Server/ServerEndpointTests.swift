import Foundation
import Testing

@testable import CouchDB

/// The server's endpoints against the answers of a real server.
@Suite(.timeLimit(.minutes(1))) struct ServerEndpointTests {
    @Test func readsTheGreeting() async throws {
        try await withConnection(script: try Recording("server-answers").script) { (connection, _) async throws in
            let info = try await connection.info()
            #expect(info.version == ServerVersion(3, 5))
            #expect(info.uuid == "fd95caad60590c831a3410264a4debd8")
            #expect(info.hasScheduler && info.isClustered && info.hasDatabasesInfo)
        }
    }

    @Test(arguments: [
        (#"{"couchdb":"Welcome","version":"1.2.0"}"#, ServerVersion(1, 2), false, false),
        (
            #"{"couchdb":"Welcome","uuid":"u","version":"1.7.2","vendor":{"name":"X","version":"1.7.2"}}"#,
            ServerVersion(1, 7, 2), false, false
        ),
        (#"{"couchdb":"Welcome","version":"2.0.0","vendor":{"name":"X"}}"#, ServerVersion(2, 0), true, false),
        (
            #"{"couchdb":"Welcome","version":"2.3.1","git_sha":"c","uuid":"u","features":["scheduler"],"vendor":{}}"#,
            ServerVersion(2, 3, 1), true, true
        ),
        (#"{"couchdb":"Welcome","version":"3.3.3-rc1","uuid":"u"}"#, ServerVersion(3, 3, 3), true, true),
    ])
    func tellsVersionsApart(
        answer: String, version: ServerVersion, isClustered: Bool, hasScheduler: Bool
    ) async throws {
        try await withConnection(script: { _, _ in .json(answer) }) { (connection, _) async throws in
            let info = try await connection.info()
            #expect(info.version == version)
            #expect(info.isClustered == isClustered)
            #expect(info.hasScheduler == hasScheduler)
        }
    }

    @Test func asksWhetherItIsUp() async throws {
        try await withConnection(script: try Recording("server-answers").script) { (connection, _) async throws in
            #expect(try await connection.isUp())
        }
        let maintenance: ScriptedServer.Script = { request, _ in
            request.path == "/" ? .greeting("3.5.0") : .answer(404, #"{"status":"maintenance_mode"}"#)
        }
        try await withConnection(script: maintenance) { (connection, _) async throws in
            #expect(try await connection.isUp() == false)
        }
        try await withConnection(script: { _, _ in .greeting("1.7.1") }) { (connection, server) async throws in
            #expect(try await connection.isUp())
            #expect(server.requests.allSatisfy { $0.path == "/" })
        }
        let gone: ScriptedServer.Script = { request, _ in
            request.path == "/" ? .greeting("3.5.0") : .answer(404, "<html>", type: "text/html")
        }
        try await withConnection(script: gone) { (connection, _) async throws in
            #expect(try await couchError { try await connection.isUp() }.code == .notCouchDB)
        }
    }

    @Test func readsTheSession() async throws {
        try await withConnection(script: try Recording("server-answers").script) { (connection, _) async throws in
            #expect(try await connection.session() == SessionInfo(userName: "admin", roles: ["_admin"]))
            #expect(try await connection.session().isServerAdmin)
        }
        let nobody = #"{"ok":true,"userCtx":{"name":null,"roles":[]},"info":{}}"#
        try await withConnection(script: { _, _ in .json(nobody) }) { (connection, _) async throws in
            #expect(try await connection.session() == SessionInfo(userName: nil, roles: []))
        }
    }

    @Test func readsTheMembership() async throws {
        try await withConnection(script: try Recording("server-answers").script) { (connection, _) async throws in
            let membership = try await connection.membership()
            #expect(membership.allNodes == ["couchdb2@127.0.0.1"])
            #expect(membership.missingNodes.isEmpty)
        }
        #expect(Membership(allNodes: ["a"], clusterNodes: ["a", "b"]).missingNodes == ["b"])
        try await withConnection(script: { _, _ in .greeting("1.6.1") }) { (connection, _) async throws in
            #expect(try await couchError { try await connection.membership() }.code == .unsupported)
        }
    }

    @Test(arguments: [("3.5.0", "/_node/_local/_config"), ("2.1.1", "/_node/_local/_config"), ("1.6.1", "/_config")])
    func readsAndWritesTheConfiguration(version: String, path: String) async throws {
        let script: ScriptedServer.Script = { request, _ in
            switch (request.method, request.path) {
            case ("GET", "/"): .greeting(version)
            case ("GET", _): .json(#"{"max_jobs":"500","interval":"60000"}"#)
            default: .json(#""500""#)
            }
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let section = try await connection.configuration(section: "replicator")
            #expect(section == ["max_jobs": "500", "interval": "60000"])
            #expect(server.requests.last?.target == "\(path)/replicator")
            try await connection.setConfiguration(section: "replicator", key: "max_jobs", value: "7")
            #expect(server.requests.last?.target == "\(path)/replicator/max_jobs")
            #expect(server.requests.last?.body == #""7""#)
        }
    }
}
