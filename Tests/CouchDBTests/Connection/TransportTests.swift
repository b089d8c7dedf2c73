import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Secrets
import Testing

@testable import CouchDB

/// Errors from below HTTP.
@Suite(.timeLimit(.minutes(1))) struct TransportTests {
    private func error(
        from url: String, configuration: ConnectionConfiguration = .init(maximumRetries: 0)
    ) async throws -> CouchError {
        let connection = try ServerConnection(
            url: try ServerURL(url), authentication: .basic(user: "admin", password: Secret("tiger77")),
            configuration: configuration, pacing: ManualPacing().pacing)
        return try await shuttingDown(connection) {
            let error = try await couchError { try await connection.info() }
            #expect(!"\(error)\(String(reflecting: error))".contains("tiger77"))
            #expect(error.request == "GET \(url)/")
            return error
        }
    }

    @Test func tellsARefusedConnection() async throws {
        // A port that was free a moment ago.
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port)
        try await channel.close()
        let error = try await error(from: "http://127.0.0.1:\(port)")
        #expect(error.code == .unreachable)
        #expect(error.message.contains("refused"), "\(error.message)")
    }

    @Test func tellsAnUnknownName() async throws {
        let error = try await error(from: "http://no-such-host.invalid:5984")
        #expect(error.code == .nameNotResolved)
        #expect(error.message.contains("no-such-host.invalid"))
    }

    @Test func tellsWhatDoesNotSpeakHTTP() async throws {
        try await withScriptedServer { _, _ in
            .raw("SSH-2.0-OpenSSH_9.2\r\n")
        } _: { (server) async throws in
            #expect(try await error(from: "http://127.0.0.1:\(server.port)").code == .notCouchDB)
        }
    }

    @Test func tellsAMissingTLS() async throws {
        try await withScriptedServer { _, _ in
            .json("{}")
        } _: { (server) async throws in
            // The bytes of the handshake are no request, so the server says nothing.
            let configuration = ConnectionConfiguration(connectTimeout: .milliseconds(200), maximumRetries: 0)
            let error = try await error(from: "https://127.0.0.1:\(server.port)", configuration: configuration)
            #expect([.timeout, .tls].contains(error.code))
        }
    }

    @Test func verifiesTheCertificate() async throws {
        try await withScriptedServer(tls: try Certificates.server("localhost")) { _, _ in
            .greeting("3.5.0")
        } _: {
            (server) async throws in
            let error = try await error(from: "https://localhost:\(server.port)")
            #expect(error.code == .tls)
            #expect(error.message.contains("not trusted"))
            #expect(error.message.contains("--ca-file") && error.message.contains("ca_file"))
            #expect(error.message.contains("expired"), "that is another cause, which can't be told apart")
            #expect(server.requests.isEmpty)
        }
    }

    @Test func trustsAnAuthorityFile() async throws {
        try await withScriptedServer(tls: try Certificates.server("localhost")) { _, _ in
            .greeting("3.5.0")
        } _: {
            (server) async throws in
            let connection = try ServerConnection(
                url: try ServerURL("https://localhost:\(server.port)"),
                configuration: .init(certificateAuthorityFile: try Certificates.path("authority.pem")))
            try await shuttingDown(connection) {
                let info = try await connection.info()
                #expect(info.version == ServerVersion(3, 5))
            }
        }
    }

    @Test func verifiesTheHostName() async throws {
        try await withScriptedServer(tls: try Certificates.server("elsewhere")) { _, _ in
            .greeting("3.5.0")
        } _: {
            (server) async throws in
            let configuration = ConnectionConfiguration(
                maximumRetries: 0, certificateAuthorityFile: try Certificates.path("authority.pem"))
            let error = try await error(from: "https://localhost:\(server.port)", configuration: configuration)
            #expect(error.code == .tls)
            #expect(error.message.contains("host name"), "\(error.message)")
            #expect(!error.message.contains("ca_file"), "the authority is known")
            #expect(server.requests.isEmpty)
        }
    }

    @Test(arguments: ["missing.pem", "localhost.key", "empty.pem"])
    func refusesABadAuthorityFile(name: String) throws {
        let path = try Certificates.path("authority.pem").replacing("authority.pem", with: name)
        let error = try #require(throws: CouchError.self) {
            try ServerConnection(
                url: try ServerURL("https://localhost"), configuration: .init(certificateAuthorityFile: path))
        }
        #expect(error.code == .invalidInput)
        #expect(error.message.contains(name))
    }

    @Test func tellsAClosedConnection() async throws {
        let connection = try ServerConnection(url: try ServerURL("http://127.0.0.1:9"))
        try await connection.shutdown()
        let error = try await couchError { try await connection.info() }
        #expect(error.message.contains("shut down"))
    }
}
