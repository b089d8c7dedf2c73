import Foundation
import Secrets

/// Reads the configuration from its file.
package enum ConfigurationFile {
    private static let limit = 1024 * 1024

    /// Reads and checks the file at a path.
    ///
    /// - Throws: All errors at once.
    package static func load(_ path: String) throws(ConfigurationError) -> LoadedConfiguration {
        let file: SmallFile
        do {
            file = try SmallFile.read(path, limit: limit)
        } catch {
            throw ConfigurationError(
                .fileUnreadable, file: path, message: "the configuration can't be read: \(error.reason)",
                nextStep: error == .missing
                    ? "correct the path, or write a new one with: couchkeep init SOURCE TARGET"
                    : "make it a file that the user who runs Couchkeep may read")
        }
        guard let text = String(validating: file.content, as: UTF8.self) else {
            throw ConfigurationError(
                .syntax, file: path, message: "the file is not UTF-8 text", nextStep: "save it as UTF-8")
        }
        return try ConfigurationReader.read(
            text, file: path, folder: folder(of: path), exposure: file.isExposed ? file.modeText : nil)
    }

    /// The whole path of the folder that a file lies in.
    static func folder(of path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
    }
}
