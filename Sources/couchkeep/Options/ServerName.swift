import ArgumentParser
import CouchDB
import Foundation
import Service
import Supervision

/// A server of the configuration, or one of its databases, as the command line names it: `standby`, `standby/orders`.
///
/// What such a name means needs no login: that is the configuration's.
struct ServerName: Equatable {
    let server: String
    /// The database, as it is called: a slash in its name is written as it is.
    let database: String?

    /// Reads a name; nil where the text is a URL.
    init?(_ text: String) {
        guard !text.contains("://") else { return nil }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        server = String(parts[0])
        database = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
    }

    /// Refuses a name that no server of the configuration has.
    ///
    /// - Throws: `CouchError` with code `invalid-input`.
    func expectKnown(in loaded: LoadedConfiguration) throws {
        guard !loaded.configuration.servers.contains(where: { $0.name == server }) else { return }
        throw CouchError(
            .invalidInput,
            "“\(server)” is no URL, which begins with http:// or https://, and no server of \(loaded.file), which has "
                + loaded.configuration.servers.map(\.name).sorted().joined(separator: ", "))
    }

    /// The configuration that says what the name means; nil where there is none, and it is rather a URL without its beginning: an
    /// address with a port, or with dots.
    ///
    /// - Throws: `ConfigurationError`; `ValidationError` where there is none.
    func configuration(_ vault: VaultOptions) throws -> LoadedConfiguration? {
        guard !vault.hasConfiguration else { return try vault.load() }
        guard !server.contains(":"), !server.contains(".") else { return nil }
        throw ValidationError(
            "“\(server)” is no URL, which begins with http:// or https://, and there is no configuration that names a server so: "
                + "neither ./\(ConfigurationLocation.inWorkingFolder) nor \(ConfigurationLocation.ofSystem) exists; name one with "
                + "--config FILE")
    }

    /// Opens the connection, with the login of the configuration; whoever asks closes it.
    ///
    /// - Throws: `CouchError` with code `invalid-input` where no server is called so, `ConfigurationError`, `SecretError`.
    func connection(_ loaded: LoadedConfiguration) async throws -> ServerConnection {
        try expectKnown(in: loaded)
        let fleet = try await Fleet(loaded, opening: [server])
        guard let found = fleet.servers.first else { preconditionFailure("the configuration has the server") }
        guard let error = found.secretError else { return found.connection }
        try await fleet.shutdown()
        throw error
    }
}

extension LoginOptions {
    /// A database by its URL, or as `SERVER/DATABASE` of the configuration; logged in to.
    ///
    /// - Throws: `CouchError` with code `invalid-input`, `SecretError`, `ConfigurationError`.
    func database(_ text: String, _ vault: VaultOptions) async throws -> CouchDatabase {
        guard let name = ServerName(text) else { return try await database(text) }
        if VaultPair.backup(of: text) != nil {
            throw ValidationError(
                "\(text) is a backup in the vault; here a database of a server is named: its URL, or SERVER/DATABASE")
        }
        guard let loaded = try name.configuration(vault) else { return try await database(text) }
        try name.expectKnown(in: loaded)
        guard let database = name.database else {
            throw ValidationError(
                "“\(text)” names no database; write it behind the server's name: \(name.server)/orders")
        }
        return CouchDatabase(server: try await name.connection(loaded), name: database)
    }

    /// A server by its URL, or by its name in the configuration; logged in to.
    func server(_ text: String, _ vault: VaultOptions) async throws -> ServerConnection {
        guard let name = ServerName(text) else { return try await server(text) }
        guard let loaded = try name.configuration(vault) else { return try await server(text) }
        guard name.database == nil else {
            throw ValidationError("“\(text)” names a database; here a server is named alone: \(name.server)")
        }
        return try await name.connection(loaded)
    }

    /// Refuses a login for what the configuration logs in to.
    func expectNone(for texts: String?...) throws {
        let named = texts.compactMap(\.self)
        guard isGiven, !named.isEmpty, !named.contains(where: { $0.contains("://") }) else { return }
        throw ValidationError(
            "--user, --password-file, --ca-file and --basic belong to a URL; a server of the configuration has its own "
                + "login")
    }
}
