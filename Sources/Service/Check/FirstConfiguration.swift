import CouchDB
import Foundation
import Secrets
import Supervision

/// Asks two servers what `couchkeep init` needs to know.
package struct FirstConfiguration: Sendable {
    /// How to reach a server.
    package struct Login: Sendable {
        package let url: ServerURL
        package var user: String?
        package var password: SecretSource?
        /// Whether the password was given inside of the URL.
        package let hasPasswordInURL: Bool

        /// Reads a server's URL, with or without `user:password@`.
        ///
        /// - Throws: `CouchError` with code `invalid-input`.
        package init(url text: String, user: String? = nil) throws {
            let parsed = try ServerURL.parse(text)
            url = parsed.url
            self.user = user ?? parsed.user
            password = parsed.password.map(SecretSource.inline)
            hasPasswordInURL = parsed.password != nil
        }
    }

    /// A server that does not take the login.
    package struct LoginRefused: Error, CustomStringConvertible {
        /// `source` or `target`, as the options of `init` begin.
        package let side: String
        package let underlying: CouchError

        package var description: String {
            if underlying.isAccountLocked {
                return
                    "\(underlying); the account at the \(side) is locked for some minutes, since \(AccountLock.reason): "
                    + AccountLock.remedy
            }
            return
                "\(underlying); check the user and the password of the \(side): --\(side)-user, and --\(side)-password-file "
                + "or --\(side)-password-env"
        }
    }

    private let source: Login
    private let target: Login
    private let caFile: String?

    package init(source: Login, target: Login, caFile: String?) {
        self.source = source
        self.target = target
        self.caFile = caFile
    }

    /// Asks both servers.
    ///
    /// - Throws: ``LoginRefused``; `CouchError` where one can't be reached, or both are one server; `SecretError`.
    package func draft() async throws -> ConfigurationDraft {
        let names = ConfigurationDraft.names(source: source.url, target: target.url)
        let from = try await ask(source, "source", listsDatabases: true)
        let to = try await ask(target, "target", listsDatabases: false)
        if let uuid = from.info.uuid, uuid == to.info.uuid {
            throw CouchError(
                .invalidInput,
                "source and target are the same server: both answer with the uuid \(uuid); a cloned server needs a "
                    + "[couchdb] uuid of its own")
        }
        return ConfigurationDraft(
            source: describe(source, name: names.source, info: from.info),
            target: describe(target, name: names.target, info: to.info),
            databases: from.databases.filter { !DatabaseNaming.isPassedOver($0) })
    }

    private func ask(
        _ login: Login, _ side: String, listsDatabases: Bool
    ) async throws -> (info: ServerInfo, databases: [String]) {
        do {
            return try await asked(login, side, listsDatabases: listsDatabases)
        } catch let error as CouchError where error.code == .unauthorized || error.isAccountLocked {
            throw LoginRefused(side: side, underlying: error)
        }
    }

    private func asked(
        _ login: Login, _ side: String, listsDatabases: Bool
    ) async throws -> (info: ServerInfo, databases: [String]) {
        let password = try await login.password?.resolve()
        let authentication = login.user.map { Authentication.basic(user: $0, password: password ?? Secret("")) }
        let connection = try ServerConnection(
            url: login.url, authentication: authentication ?? .none,
            configuration: ConnectionConfiguration(certificateAuthorityFile: caFile))
        return try await connection.closing {
            let info = try await connection.info()
            let session = try await connection.session()
            guard session.isServerAdmin else {
                throw Self.notAnAdmin(session.userName ?? login.user, at: login.url, side)
            }
            return (info, listsDatabases ? try await connection.databaseNames() : [])
        }
    }

    /// - Parameters:
    ///   - user: who is logged in; nil where no user was given.
    ///   - side: `source` or `target`, as the options of `init` begin.
    static func notAnAdmin(_ user: String?, at url: ServerURL, _ side: String) -> CouchError {
        let why = "_replicator, _scheduler and _active_tasks can only be read by a server admin"
        guard let user else {
            return CouchError(
                .forbidden, "no user was given for the \(side) \(url), and \(why): name one with --\(side)-user")
        }
        return CouchError(.forbidden, "\(user) is no server admin at the \(side) \(url); \(why)")
    }

    private func describe(_ login: Login, name: String, info: ServerInfo) -> ConfigurationDraft.Server {
        ConfigurationDraft.Server(
            name: name, url: login.url, user: login.user, password: login.password, caFile: caFile,
            version: "CouchDB \(info.version)")
    }
}
