import CouchDB
import CouchSim
import Foundation
import Secrets
import Service
import Supervision

extension Keeper {
    /// Runs a check in this process, where a clock or a pace is to be put in the place of the real one.
    func checkHere(
        _ options: PassOptions = PassOptions(), pacing: RepairPacing = .brisk,
        now: @escaping @Sendable () -> Date = { Date() }
    ) async throws -> Checked {
        let outcome = try await CheckRun(try ConfigurationFile.load(file), pacing: pacing, now: now).run(options)
        return Checked(
            report: outcome.report, exitCode: outcome.exitCode.rawValue,
            errors: outcome.notRemembered.map { "\($0)" } ?? "")
    }

    /// Talks to a simulated server as its administrator.
    func withConnection<Result>(
        to server: SimulatedServer, _ body: (ServerConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try ServerConnection(
            url: ServerURL(server.baseURL),
            authentication: .basic(user: server.administrator, password: server.password))
        do {
            let result = try await body(connection)
            try await connection.shutdown()
            return result
        } catch {
            try await connection.shutdown()
            throw error
        }
    }
}

extension RepairPacing {
    /// Simulated servers follow at once.
    static let brisk = RepairPacing { try await Polling.pause(.milliseconds(5)) }
}
