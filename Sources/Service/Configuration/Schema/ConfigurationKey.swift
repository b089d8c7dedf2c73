/// A key that the configuration file may have: the one place that names it.
///
/// The reader knows no other key, `docs/configuration.md` has a row for each, and `init` takes its comments from here.
package struct ConfigurationKey: Sendable, Equatable {
    package let name: String
    /// What stands there, such as `duration`.
    package let type: String
    /// As the file would write it, or in words where there is no fixed value.
    package let defaultText: String
    package let meaning: String
    package let example: String

    package init(_ name: String, _ type: String, default defaultText: String, _ meaning: String, example: String) {
        self.name = name
        self.type = type
        self.defaultText = defaultText
        self.meaning = meaning
        self.example = example
    }
}

extension ConfigurationKey {
    static let required = "required"
    static let none = "none"

    /// The four ways to give a secret: itself, and by file, environment variable or command.
    static func secret(_ name: String, of what: String, default defaultText: String = none, example: String) -> [Self] {
        [
            ConfigurationKey(
                name, "secret", default: defaultText,
                "\(what), here in this file, which must then be readable by its owner only.", example: example),
            ConfigurationKey(
                "\(name)_file", "path", default: none, "\(what), in a file that is readable by its owner only.",
                example: "/run/credentials/couchkeep/\(name)"),
            ConfigurationKey(
                "\(name)_env", "text", default: none, "\(what), in an environment variable.",
                example: "COUCHKEEP_\(name.uppercased())"),
            ConfigurationKey(
                "\(name)_command", "list", default: none,
                "\(what), as a program prints it: the program, then its arguments. No shell is used.",
                example: "[pass, show, couchdb]"),
        ]
    }
}
