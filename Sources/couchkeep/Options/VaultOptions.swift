import ArgumentParser
import Foundation
import Service
import Vault

/// Where the vault is, and what opens it.
struct VaultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the vault.",
            discussion: "Without it: that of the configuration where it has one, else ./couchkeep-vault.",
            valueName: "folder"))
    var vault: String?
    @OptionGroup var key: KeyOptions
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The configuration file; with --vault none is looked for, but for a server that is named.",
            valueName: "file"))
    var config: String?

    /// The folder.
    ///
    /// - Throws: `ConfigurationError` where a configuration was named or found and can't be read.
    func path() throws -> String {
        if let vault { return URL(fileURLWithPath: vault).path }
        return try configured()?.path ?? Self.usual
    }

    /// The retention rules of the configuration; nil where there are none.
    func configuredKeep() throws -> KeepPolicy? { try configured()?.keep.map { KeepPolicy($0) } }

    /// What opens encrypted backups, and encrypts new ones.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing` or `vault-wrong-key`, `ConfigurationError`.
    func keySource() async throws -> KeySource? {
        if let source = key.source { return try await source.resolve() }
        return try await configured()?.key?.resolve()
    }

    /// The whole configuration, with the vault and the key that the command line names.
    ///
    /// - Throws: `ConfigurationError` where there is none, or it can't be read.
    func configuration(showsWarnings: Bool = true) throws -> LoadedConfiguration {
        overridden(try load(), showsWarnings: showsWarnings)
    }

    /// The configuration as it is.
    ///
    /// - Throws: `ConfigurationError` where there is none, or it can't be read.
    func load() throws -> LoadedConfiguration {
        let location = try ConfigurationLocation.choose(
            option: config, environment: ProcessInfo.processInfo.environment)
        return try ConfigurationFile.load(location.path)
    }

    /// The configuration with the vault and the key that the command line names.
    private func overridden(_ loaded: LoadedConfiguration, showsWarnings: Bool = true) -> LoadedConfiguration {
        for warning in loaded.warnings where showsWarnings { Console.error("warning: \(warning)") }
        var loaded = loaded
        var configured = loaded.configuration.pairsVault
        if let vault { configured.path = URL(fileURLWithPath: vault).path }
        if let source = key.source { configured.key = source }
        loaded.configuration.vault = configured
        return loaded
    }

    /// The whole configuration, for what keeps evidence about its pairs: a backup in another vault is not theirs.
    ///
    /// - Throws: as ``configuration(showsWarnings:)``; `ValidationError` where another folder is named.
    func pairConfiguration() throws -> LoadedConfiguration {
        let loaded = try load()
        guard namesVault(of: loaded) else {
            throw ValidationError(
                "the configuration has its backups in another vault than --vault names; leave --vault away, or name two "
                    + "databases: couchkeep verify URL vault:NAME --vault \(vault ?? "")")
        }
        return overridden(loaded)
    }

    /// Whether the vault is the one of the configuration, so that what is found there is evidence about its pairs.
    func namesConfiguredVault() throws -> Bool { namesVault(of: try load()) }

    private func namesVault(of loaded: LoadedConfiguration) -> Bool {
        let configured = loaded.configuration.pairsVault
        func folder(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        return vault.map { folder($0) == folder(configured.path) } ?? true
    }

    /// The section `vault` of the configuration; nil where there is no configuration.
    ///
    /// What a configuration that nobody named says of its own vault is not for another one.
    private func configured() throws -> VaultConfiguration? {
        guard config != nil || (vault == nil && hasConfiguration) else { return nil }
        return try load().configuration.vault
    }

    /// Whether a configuration is named, or found.
    var hasConfiguration: Bool {
        config != nil || ConfigurationLocation.exists(environment: ProcessInfo.processInfo.environment)
    }

    private static var usual: String { URL(fileURLWithPath: "couchkeep-vault").path }

    /// Opens the vault.
    ///
    /// - Parameters:
    ///   - create: makes it where there is none.
    ///   - needsKey: false for what reads no document: the key of a passphrase takes half a second for each backup.
    func open(create: Bool = false, needsKey: Bool = true) async throws -> Vault {
        // First: a key that can't be had leaves no vault behind.
        let key = needsKey ? try await keySource() : nil
        return try await Vault(at: try path(), create: create, now: Date(), key: key, onStep: PowerCut.step())
    }

    /// Opens a backup, and closes it behind the body.
    func withBackup<Result>(
        _ name: String, isWriting: Bool = false, create: Bool = false, needsKey: Bool = true,
        _ body: (VaultDatabase) async throws -> Result
    ) async throws -> Result {
        try await open(create: create, needsKey: needsKey)
            .withDatabase(name, isWriting: isWriting, create: create, now: Date(), body)
    }
}
