import ArgumentParser
import Foundation
import Service
import Vault

/// Where the vault is.
struct VaultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the vault.",
            discussion: "Without it: vault.path of the configuration where there is one, else ./couchkeep-vault.",
            valueName: "folder"))
    var vault: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    /// The folder.
    ///
    /// - Throws: `ConfigurationError` where a configuration was named or found and can't be read.
    func path() throws -> String {
        if let vault { return URL(fileURLWithPath: vault).path }
        return try configuration()?.vault?.path ?? Self.usual
    }

    /// The retention rules of the configuration; nil where there are none.
    func configuredKeep() throws -> KeepPolicy? {
        guard let keep = try configuration()?.vault?.keep else { return nil }
        return KeepPolicy(keep)
    }

    private func configuration() throws -> Configuration? {
        let environment = ProcessInfo.processInfo.environment
        guard config != nil || ConfigurationLocation.exists(environment: environment) else { return nil }
        let location = try ConfigurationLocation.choose(option: config, environment: environment)
        return try ConfigurationFile.load(location.path).configuration
    }

    private static var usual: String { URL(fileURLWithPath: "couchkeep-vault").path }

    /// Opens the vault.
    ///
    /// - Parameter create: makes it where there is none.
    func open(create: Bool = false) async throws -> Vault {
        try await Vault(at: try path(), create: create, now: Date())
    }

    /// Opens a backup, and closes it behind the body.
    func withBackup<Result>(
        _ name: String, isWriting: Bool = false, create: Bool = false,
        _ body: (VaultDatabase) async throws -> Result
    ) async throws -> Result {
        let vault = try await open(create: create)
        let backup = try await vault.database(name, isWriting: isWriting, create: create, now: Date())
        do {
            let result = try await body(backup)
            try await backup.close()
            return result
        } catch {
            // The first error is the one to tell.
            try? await backup.close()
            throw error
        }
    }
}

/// Which moment of a backup.
struct MomentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The moment: a time such as 2026-11-20 14:00 (of this machine's zone), 2026-11-20T14:00:00Z, or 2h for two "
                + "hours ago, which mean the newest moment that is not later; or a moment's number such as #12.",
            valueName: "time"))
    var at: String?

    /// The backup as of the moment; the newest one where none was named.
    ///
    /// - Throws: `VaultError` where there is none.
    func moment(of backup: VaultDatabase) async throws -> VaultDatabase {
        guard let at else {
            guard let newest = try await backup.moments().last else {
                throw VaultError(
                    .unknownMoment, "the backup has no moment yet", at: backup.name, next: "run couchkeep backup first")
            }
            return backup.at(newest)
        }
        return try await Self.moment(at, of: backup)
    }

    /// The backup as of the moment that a text names.
    static func moment(_ at: String, of backup: VaultDatabase) async throws -> VaultDatabase {
        if at.hasPrefix("#"), let number = Int(at.dropFirst()) {
            guard let moment = try await backup.moments().first(where: { $0.number == number }) else {
                throw VaultError(.unknownMoment, "there is no moment \(number)", at: backup.name)
            }
            return backup.at(moment)
        }
        guard let time = MomentText.date(at, now: Date(), zone: .current) else {
            throw ValidationError(
                "a moment is a time such as \"2026-11-20 14:00\", 2026-11-20T14:00:00Z, 2h or #12, not \"\(at)\"")
        }
        return try await backup.at(time)
    }
}
