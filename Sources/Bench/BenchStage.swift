import CouchDB
import CouchSim
import Foundation
import Secrets

/// Two servers, a folder and the program to measure.
struct BenchStage: Sendable {
    let source: LocalCouchDB
    let target: LocalCouchDB
    let folder: URL
    let program: String
    let documents: Int

    /// Runs `couchkeep` with the servers' password; it must end with one of these codes.
    func couchkeep(
        _ words: [String], on server: LocalCouchDB, allowed: Set<Int32> = [0]
    ) async throws -> MeasuredCommand {
        let measured = try await MeasuredCommand.run(
            [program] + words, environment: ["COUCHKEEP_PASSWORD": server.password.reveal()])
        guard allowed.contains(measured.exitCode) else {
            throw BenchFailure("couchkeep \(words.joined(separator: " ")) ended with \(measured.exitCode)")
        }
        return measured
    }

    /// Runs curl with files of arguments.
    func curl(_ config: URL) async throws -> MeasuredCommand {
        let measured = try await MeasuredCommand.run(
            [
                "curl", "--silent", "--no-progress-meter", "--show-error", "--fail", "--parallel", "--parallel-max",
                "4", "--config",
                config.path,
            ])
        guard measured.exitCode == 0 else { throw BenchFailure("curl ended with \(measured.exitCode)") }
        return measured
    }

    /// A database's URL for the program, with the user and without the password.
    func url(_ database: String, on server: LocalCouchDB) -> String {
        server.baseURL.replacing("://", with: "://\(server.administrator)@") + "/" + database
    }

    /// A database's URL with user and password, for curl and for CouchDB itself.
    func fullURL(_ database: String, on server: LocalCouchDB) -> String {
        server.baseURL.replacing("://", with: "://\(server.administrator):\(server.password.reveal())@") + "/"
            + database
    }

    /// Runs `body` with a connection that waits as long as it takes.
    func visit<Result: Sendable>(
        _ server: LocalCouchDB, _ body: (ServerConnection) async throws -> Result
    ) async throws -> Result {
        var configuration = ConnectionConfiguration()
        configuration.requestTimeout = .seconds(3600)
        configuration.readTimeout = .seconds(3600)
        let connection = try ServerConnection(
            url: ServerURL(server.baseURL),
            authentication: .basic(user: server.administrator, password: server.password),
            configuration: configuration)
        return try await connection.closing { try await body(connection) }
    }
}
