import Service
import Vault

/// Backups of a vault that could not be used, while a command goes on with the others.
struct SkippedBackups {
    private var codes: [Service.ExitCode] = []

    /// Names a backup and why it can't be used on standard error.
    mutating func note(_ name: String, _ error: VaultError) {
        Console.error("\(name) is left out:")
        codes.append(Service.ExitCode(rawValue: Failure(error).report()) ?? .problem)
    }

    /// The code of the command: damage outweighs what says nothing of what is stored.
    var code: Service.ExitCode { codes.contains(.damaged) ? .damaged : codes.first ?? .ok }
}
