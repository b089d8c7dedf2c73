import ArgumentParser
import Foundation
import Service
import Supervision

/// `couchkeep alert`: the channels by which people are told.
struct AlertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert", abstract: "Test the channels of messages, or list what was told.",
        subcommands: [AlertTestCommand.self, AlertListCommand.self])
}

/// `couchkeep alert test`: sends a test through the real path.
struct AlertTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send a test message through every channel, on the path that alerts take.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let channels = try await AlertDesk(options.load()).test(at: Date())
        Console.out(AlertDesk.text(channels, now: Date()))
        try CommandEnd.end(channels.contains { ($0.error ?? $0.warning) != nil } ? .problem : .ok)
    }
}

/// `couchkeep alert list`: what is open, and how the channels do.
struct AlertListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the problems that were told and are not resolved, and how the channels do."
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        Console.out(try await AlertDesk(options.load()).list(now: Date()))
    }
}
