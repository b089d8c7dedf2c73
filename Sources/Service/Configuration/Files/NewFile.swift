import Foundation

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Writes a new configuration or a new key.
package enum NewFile {
    /// Creates the file with mode 0600: whole or not at all, and never in place of another.
    ///
    /// - Parameter option: how another path is given, for the error's next step.
    package static func write(
        _ text: String, to path: String, option: String = "with --output FILE"
    ) throws(ConfigurationError) {
        let folder = ConfigurationFile.folder(of: path)
        let name = URL(fileURLWithPath: path).lastPathComponent
        let draft = "\(folder)/.\(name).\(UUID().uuidString)"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(path, option, String(cString: strerror(errno))) }
        // Nothing is left behind, whatever happens next; after a success the name `path` stays.
        defer { unlink(draft) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
            try handle.close()
        } catch {
            throw failure(path, option, error.localizedDescription)
        }
        // Unlike a rename, a link fails where there is a file already.
        guard link(draft, path) == 0 else {
            guard errno == EEXIST else { throw failure(path, option, String(cString: strerror(errno))) }
            throw ConfigurationError(
                .fileExists, file: path, message: "the file exists already, and is left as it is",
                nextStep: "move it away, or choose another one \(option)")
        }
        synchronizeFolder(folder)
    }

    /// Makes the new name durable.
    ///
    /// Where a file system can't, the file itself is safe all the same.
    private static func synchronizeFolder(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func failure(_ path: String, _ option: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(
            .fileNotWritten, file: path, message: "the file can't be written: \(reason)",
            nextStep: "choose a folder that you may write to, \(option)")
    }
}
