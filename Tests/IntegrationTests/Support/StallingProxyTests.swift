import CouchDB
import CouchSim
import Secrets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StallingProxyTests {
    @Test func passesOn() async throws {
        try await withSimulatedServer { server in
            try await StallingProxy.run(to: server.port) { proxy in
                let connection = try ServerConnection(
                    url: ServerURL("http://127.0.0.1:\(proxy.port)"),
                    authentication: .basic(user: server.administrator, password: server.password))
                #expect(try await connection.info().version == ServerVersion(3, 5))
                try await connection.shutdown()
            }
        }
    }
}
