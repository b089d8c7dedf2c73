import ArgumentParser

/// `couchkeep vault …`: look at the vault, check it, prune it.
struct VaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vault",
        abstract: "List, compare, check, prune and mend what is in the vault.",
        subcommands: [
            VaultListCommand.self, VaultDiffCommand.self, VaultCheckCommand.self, VaultPruneCommand.self,
            VaultStatsCommand.self, VaultRepairCommand.self, VaultRebuildCommand.self,
        ])
}
