import Secrets

/// The secrets of one server: all of them, or why one can't be had.
struct FleetSecrets: Sendable {
    var password: Secret?
    var token: Secret?
    var replicationPassword: Secret?
    var error: SecretError?

    /// Fetches the secrets.
    ///
    /// - Throws: `CancellationError` alone.
    init(_ server: ServerConfiguration, environment: [String: String]?) async throws {
        do {
            password = try await server.password?.resolve(environment: environment)
            token = try await server.token?.resolve(environment: environment)
            replicationPassword = try await server.replicationPassword?.resolve(environment: environment)
        } catch let error as SecretError {
            self.error = error
        }
    }
}
