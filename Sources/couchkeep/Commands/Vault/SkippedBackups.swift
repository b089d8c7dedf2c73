import Service

/// Backups of a vault that could not be used, while a command goes on with the others.
struct SkippedBackups {
    /// The code of each, in the order in which they were met.
    private var codes: [(name: String, code: Service.ExitCode)] = []

    var names: [String] { codes.map(\.name) }

    /// Names a backup and why it can't be used on standard error.
    ///
    /// - Parameter schema: of the JSON object that tells it too; nil where something else does.
    mutating func note(_ name: String, _ error: any Error, as schema: String? = nil) {
        Console.error("\(name) is left out:")
        codes.append((name, Failure(error).reportInPassing(as: schema, backup: name)))
    }

    /// Counts one no more that can be used by now.
    mutating func forget(_ name: String) { codes.removeAll { $0.name == name } }

    /// The code of the command: damage outweighs what says nothing of what is stored.
    var code: Service.ExitCode {
        let codes = codes.map(\.code)
        return codes.contains(.damaged) ? .damaged : codes.first ?? .ok
    }
}
