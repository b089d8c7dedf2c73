import Service

/// Backups of a vault that could not be used, while a command goes on with the others.
struct SkippedBackups {
    private var codes: [Service.ExitCode] = []
    var names: Set<String> = []

    /// Names a backup and why it can't be used on standard error.
    ///
    /// - Parameter schema: of the JSON object that tells it too; nil where something else does.
    mutating func note(_ name: String, _ error: any Error, as schema: String? = nil) {
        Console.error("\(name) is left out:")
        names.insert(name)
        codes.append(Failure(error).reportInPassing(as: schema, backup: name))
    }

    /// The code of the command: damage outweighs what says nothing of what is stored.
    var code: Service.ExitCode { codes.contains(.damaged) ? .damaged : codes.first ?? .ok }
}
