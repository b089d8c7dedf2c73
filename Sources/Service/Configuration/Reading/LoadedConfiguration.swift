/// A configuration without errors, and what is known about its file.
package struct LoadedConfiguration: Sendable, Equatable {
    /// As errors show it.
    package let file: String
    package var configuration: Configuration
    package let effective: EffectiveConfiguration
    /// Doubtful, but no reason to stop.
    package let warnings: [ConfigurationIssue]
    /// All secrets that the configuration names.
    package let secrets: [SecretUse]
    /// The places of keys and list items, by paths such as `pairs[0].databases[1]`.
    package let positions: [String: FilePosition]

    /// Makes an issue that points at a key or item of the file.
    package func issue(
        _ code: ConfigurationIssue.Code, at path: String, _ message: String, nextStep: String
    ) -> ConfigurationIssue {
        ConfigurationIssue(code, file: file, position: positions[path], message: message, nextStep: nextStep)
    }
}
