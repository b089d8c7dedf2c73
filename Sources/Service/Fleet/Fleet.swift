import CouchDB
import Foundation
import Secrets
import Supervision

/// The servers and pairs of a configuration, with their secrets fetched and their connections open.
///
/// Used within ``closing(_:)``, or ended by ``shutdown()``.
package struct Fleet: Sendable {
    /// The servers that pairs use, and those that were asked for.
    package let servers: [SupervisedServer]
    /// Chooses the pairs of a pass.
    package let selector: ConfiguredPairs

    /// Fetches the secrets and prepares the connections; asks no server yet.
    ///
    /// A server whose secret or certificates can't be had says so when it is looked at; the others work on.
    ///
    /// - Parameter further: names of servers beside those that pairs use.
    /// - Throws: `ConfigurationError` where a URL can't be used.
    package init(
        _ loaded: LoadedConfiguration, further: Set<String> = [], environment: [String: String]? = nil
    ) async throws {
        let used = loaded.configuration.pairs.flatMap { pair in [pair.source] + pair.targetServer }
        try await self.init(loaded, opening: further.union(used), environment: environment)
    }

    /// As the other one, for the servers of these names alone.
    package init(
        _ loaded: LoadedConfiguration, opening names: Set<String>, environment: [String: String]? = nil
    ) async throws {
        let configuration = loaded.configuration
        var servers: [SupervisedServer] = []
        var issues: [ConfigurationIssue] = []
        for server in configuration.servers where names.contains(server.name) {
            do {
                servers.append(try await Self.server(server, environment: environment))
            } catch let error as CouchError {
                issues.append(
                    loaded.issue(
                        .invalidValue, at: "servers.\(server.name)", "server \(server.name): \(error.message)",
                        nextStep: "correct the server's entry in the configuration"))
            }
        }
        guard issues.isEmpty else {
            for server in servers { try await server.connection.shutdown() }
            throw ConfigurationError(issues)
        }
        self.servers = servers
        selector = ConfiguredPairs(configuration)
    }

    /// The connections by the servers' names.
    package var connections: [String: ServerConnection] {
        Dictionary(servers.map { ($0.name, $0.connection) }, uniquingKeysWith: { $1 })
    }

    /// Closes the connections.
    package func shutdown() async throws {
        for server in servers { try await server.connection.shutdown() }
    }

    /// Runs a body, and closes the connections behind it, whatever comes of it.
    ///
    /// - Throws: what the body throws.
    package func closing<Result>(_ body: () async throws -> Result) async throws -> Result {
        let result: Result
        do {
            result = try await body()
        } catch {
            try await shutdown()
            throw error
        }
        try await shutdown()
        return result
    }

    /// Runs a body with a server of the configuration, which is opened for it where it is not among these.
    ///
    /// - Throws: `ConfigurationError` where the configuration has none of that name, or its URL can't be used; what the body throws.
    func with<Result>(
        _ name: String, of loaded: LoadedConfiguration, environment: [String: String]?,
        _ body: (SupervisedServer) async throws -> Result
    ) async throws -> Result {
        if let server = servers.first(where: { $0.name == name }) { return try await body(server) }
        let own = try await Fleet(loaded, opening: [name], environment: environment)
        return try await own.closing {
            guard let server = own.servers.first else {
                throw ConfigurationError([
                    loaded.issue(
                        .undefinedServer, at: "servers", "there is no server \(name)",
                        nextStep: "add it under servers")
                ])
            }
            return try await body(server)
        }
    }

    private static func server(
        _ configured: ServerConfiguration, environment: [String: String]?
    ) async throws -> SupervisedServer {
        let url = configured.url
        var secrets = try await FleetSecrets(configured, environment: environment)
        let connection = try connection(to: configured, &secrets)
        let (password, token) = (secrets.password, secrets.token)
        let replicationURL = configured.replicationURL ?? url
        let hasOwnUser = configured.replicationUser != nil
        let access = ReplicationAccess(
            url: replicationURL, otherURLs: replicationURL == url ? [] : [url],
            user: configured.replicationUser ?? configured.user,
            password: hasOwnUser ? secrets.replicationPassword : password,
            headers: token.flatMap { hasOwnUser ? nil : ["Authorization": Secret("Bearer \($0.reveal())")] } ?? [:])
        return SupervisedServer(
            name: configured.name, connection: connection, access: access,
            expectsUser: configured.user != nil || token != nil, secretError: secrets.error)
    }

    /// Opens the connection. Where its certificates can't be used, nothing will be asked.
    private static func connection(
        to configured: ServerConfiguration, _ secrets: inout FleetSecrets
    ) throws -> ServerConnection {
        func open(caFile: String?) throws -> ServerConnection {
            try ServerConnection(
                url: configured.url,
                authentication: secrets.error == nil
                    ? authentication(configured, password: secrets.password, token: secrets.token) : .none,
                configuration: ConnectionConfiguration(
                    connectTimeout: configured.connectTimeout, readTimeout: configured.readTimeout,
                    certificateAuthorityFile: caFile))
        }
        do {
            return try open(caFile: configured.caFile)
        } catch let error as CouchError {
            guard let file = configured.caFile else { throw error }
            if secrets.error == nil {
                secrets.error = SecretError(
                    SupervisedServer.certificatesUnusable, error.message,
                    nextStep: "put the authority's certificate in PEM form into \(file), or name another file")
            }
            return try open(caFile: nil)
        }
    }

    private static func authentication(
        _ configured: ServerConfiguration, password: Secret?, token: Secret?
    ) -> Authentication {
        if let token { return .bearer(token) }
        guard let user = configured.user else { return .none }
        switch configured.authentication {
        case .basic: return .basic(user: user, password: password ?? Secret(""))
        case .session: return .session(user: user, password: password ?? Secret(""))
        }
    }
}

extension PairConfiguration {
    /// The target's server, none for the vault.
    var targetServer: [String] {
        switch target {
        case .server(let name): [name]
        case .vault: []
        }
    }
}
