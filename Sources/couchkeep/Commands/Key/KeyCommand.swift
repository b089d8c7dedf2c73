import ArgumentParser

/// `couchkeep key …`: keys of encrypted backups.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make keys for encrypted backups, and take keys out of them.",
        discussion: """
            Without its key nobody can read an encrypted backup, its owner neither: keep a copy where neither the vault \
            nor the machine that backs up can take it with them.
            """,
        subcommands: [KeyNewCommand.self, KeyExportCommand.self])
}
