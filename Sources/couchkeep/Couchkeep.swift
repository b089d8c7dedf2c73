import ArgumentParser

/// The command line's root.
struct Couchkeep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "couchkeep",
        abstract: "Keeps CouchDB databases backed up by replication, and proves that they are.",
        discussion: """
            A running replication is not a backup. Couchkeep looks behind what CouchDB reports, repairs what is broken, \
            says why in a sentence, and mails when it can't.

            Start:    couchkeep init https://couch1.example.org:6984 https://couch2.example.org:6984
            Look:     couchkeep check           asks the servers, repairs, remembers; for cron: check --quiet
            See:      couchkeep status          what the last check found, without asking anybody
            Learn:    couchkeep explain RULE    what a finding means and what mends it

            Exit codes: 0 good, 1 problem, 2 usage or configuration, 3 incomplete, 10 databases differ, 11 locked, \
            12 login rejected, 13 source unreachable, 14 target unreachable, 15 stored data damaged, 16 refused for safety, \
            20 unknown. Treat any other as failure.
            """,
        version: Version.text,
        subcommands: [
            InitCommand.self, CheckCommand.self, StatusCommand.self, ExplainCommand.self, ConfigCommand.self,
            AlertCommand.self, BackupCommand.self, RestoreCommand.self, VaultCommand.self, KeyCommand.self,
            ServeCommand.self, VerifyCommand.self, RepairCommand.self, DrillCommand.self, DemoCommand.self,
        ])
}

/// The version of this program.
enum Version {
    static let text = "0.1.0"
}
