import Foundation

/// Which configuration file is used, and why.
package struct ConfigurationLocation: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        /// `--config FILE`
        case option
        /// `COUCHKEEP_CONFIG`
        case environment
        /// `./couchkeep.yaml`
        case workingFolder
        /// `/etc/couchkeep/couchkeep.yaml`
        case system
    }

    package static let environmentVariable = "COUCHKEEP_CONFIG"
    package static let inWorkingFolder = "couchkeep.yaml"
    package static let ofSystem = "/etc/couchkeep/couchkeep.yaml"

    package let path: String
    package let reason: Reason

    package init(path: String, reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// Decides, without reading the file.
    ///
    /// A file that was asked for is used even when it isn't there, so that this shows.
    package static func choose(
        option: String?, environment: [String: String],
        exists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
    ) throws(ConfigurationError) -> ConfigurationLocation {
        if let option { return ConfigurationLocation(path: option, reason: .option) }
        if let path = environment[environmentVariable], !path.isEmpty {
            return ConfigurationLocation(path: path, reason: .environment)
        }
        if exists(inWorkingFolder) { return ConfigurationLocation(path: inWorkingFolder, reason: .workingFolder) }
        if exists(ofSystem) { return ConfigurationLocation(path: ofSystem, reason: .system) }
        throw ConfigurationError(
            .notFound, file: nil,
            message: "there is no configuration: neither ./\(inWorkingFolder) nor \(ofSystem) exists",
            nextStep: "run: couchkeep init SOURCE TARGET, or name a file with --config FILE or \(environmentVariable)")
    }
}

extension ConfigurationLocation {
    /// Whether a configuration would be found without being named.
    package static func exists(
        environment: [String: String], exists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
    ) -> Bool {
        !(environment[environmentVariable] ?? "").isEmpty || exists(inWorkingFolder) || exists(ofSystem)
    }
}
