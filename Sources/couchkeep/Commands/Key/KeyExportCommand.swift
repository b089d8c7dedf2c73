import ArgumentParser
import Foundation
import Service
import Vault

/// `couchkeep key export`
struct KeyExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the key of an encrypted backup into a file.",
        discussion: """
            Opens the backup by its passphrase or key, and writes the key: one that restores where the passphrase is \
            forgotten. Each backup that was made with a passphrase has a key of its own.

              couchkeep key export orders orders.key --passphrase-file orders.passphrase
              couchkeep key export orders orders.write --write-only --key-file orders.key
            """)

    @Argument(help: "The backup.", transform: BackupName.plain) var name: String
    @Argument(help: ArgumentHelp("The new file.", valueName: "file")) var file: String
    @OptionGroup var options: VaultOptions
    @Flag(help: "Write the write key of a private key, which only backs up.") var writeOnly = false

    func validate() throws { try BackupName.expectNoURL(name) }

    func run() async throws {
        let key = try await options.withBackup(name) { backup in
            guard let key = try backup.exportKey() else {
                throw VaultError(
                    .refused, "the backup is not encrypted, and so has no key", at: backup.name,
                    next: "encryption is chosen with the first backup: couchkeep key new FILE")
            }
            return key
        }
        guard writeOnly else {
            guard key.canRead else {
                throw VaultError(
                    .keyMissing, "the \(key) only backs up, and no key that restores can be made of it", at: name,
                    next: "give the private key with --key-file, or say --write-only")
            }
            try KeyFile(path: file).write(key)
            return Console.out("\(file): the \(key).")
        }
        let writeKey = key.kind == .write ? key : try key.writeKey
        guard let writeKey else {
            throw VaultError(
                .refused, "the \(key) has no half that only writes", at: name,
                next: "begin another vault with a key of couchkeep key new --write-only")
        }
        try KeyFile(path: file).write(writeKey)
        Console.out("\(file): the \(writeKey), which only backs up.")
    }
}
