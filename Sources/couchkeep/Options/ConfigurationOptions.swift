import ArgumentParser
import Foundation
import Service

/// Where the configuration is.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Without it: $COUCHKEEP_CONFIG, ./couchkeep.yaml, /etc/couchkeep/couchkeep.yaml.",
            valueName: "file"))
    var config: String?

    /// Reads the configuration, and shows what is doubtful in it, unless nothing but a result is wanted.
    func load(isQuiet: Bool = false) throws -> LoadedConfiguration {
        let location = try ConfigurationLocation.choose(
            option: config, environment: ProcessInfo.processInfo.environment)
        let loaded = try ConfigurationFile.load(location.path)
        for warning in loaded.warnings where !isQuiet { Console.error("warning: \(warning)") }
        return loaded
    }
}
