import ArgumentParser
import Foundation
import Service
import Supervision

/// `couchkeep config`: the configuration itself.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check or show the configuration.",
        subcommands: [ConfigCheckCommand.self, ConfigShowCommand.self])
}

/// `couchkeep config check`: says all that is wrong, with line and column.
struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say all that is wrong with the configuration, and ask the servers whether they are there.",
        discussion: "Changes nothing. With --offline only what can be checked on this machine.")

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Ask no server.")
    var offline = false

    func run() async throws {
        let loaded = try options.load()
        let issues = try await ConfigurationCheck(loaded).run()
        guard issues.isEmpty else { throw ConfigurationError(issues) }
        guard !offline else {
            Console.out("\(loaded.file): good")
            return
        }
        let survey = try await ConfigurationSurvey(loaded).run()
        Console.out(survey.text)
        try CommandEnd.end(survey.exitCode)
    }
}

/// `couchkeep config show`: the effective configuration, secrets hidden.
struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the effective configuration with the origin of each value, secrets hidden."
    )

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let loaded = try options.load()
        let folder = StateFolder(loaded)
        Console.out(loaded.effective.render())
        Console.error("state: \(folder.location.path)")
    }
}
