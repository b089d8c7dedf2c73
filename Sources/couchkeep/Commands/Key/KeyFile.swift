import Foundation
import Secrets
import Service
import Vault

/// The file of one key, which is written once and by nobody else.
struct KeyFile {
    var path: String

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Writes the key with mode 0600: whole or not at all, and never in place of another file.
    ///
    /// - Throws: `ConfigurationError`.
    func write(_ key: VaultKey) throws {
        // The one place where a key is to be seen, as its owner asked for.
        try NewFile.write(key.line.reveal() + "\n", to: path, option: "as FILE")
    }
}
