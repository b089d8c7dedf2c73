import ArgumentParser
import Foundation
import Secrets
import Service
import Vault

/// What opens the vault's encrypted backups, and encrypts new ones.
struct KeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the key of the backups, as couchkeep key new writes it.",
            discussion:
                "Without it and --passphrase-file: $COUCHKEEP_VAULT_PASSPHRASE, or the configuration's vault.key_file "
                + "or vault.passphrase_file; without any, new backups are not encrypted.",
            valueName: "file"))
    var keyFile: String?
    @Option(help: ArgumentHelp("A file with the passphrase of the backups, mode 0600.", valueName: "file"))
    var passphraseFile: String?

    static let variable = "COUCHKEEP_VAULT_PASSPHRASE"

    func validate() throws {
        if keyFile != nil, passphraseFile != nil {
            throw ValidationError("give --key-file or --passphrase-file, not both")
        }
    }

    /// What the command line or the environment names; nil where they name nothing.
    var source: VaultKeySource? {
        if let keyFile { return .key(.file(URL(fileURLWithPath: keyFile).path)) }
        if let passphraseFile { return .passphrase(.file(URL(fileURLWithPath: passphraseFile).path)) }
        guard ProcessInfo.processInfo.environment[Self.variable] != nil else { return nil }
        return .passphrase(.environment(Self.variable))
    }

    /// Refuses a write key where documents are to be read, before anything else is done.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing`.
    static func expectReading(_ source: KeySource?) throws {
        guard case .key(let key) = source, !key.canRead else { return }
        throw VaultError.onlyWrites(key, at: "key")
    }
}
