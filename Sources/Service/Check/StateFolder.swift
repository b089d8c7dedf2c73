import Foundation
import Supervision

/// The folder in which a configuration's memory lies.
package struct StateFolder: Sendable {
    /// Where it is, and why.
    package let location: StateLocation

    package init(_ loaded: LoadedConfiguration) {
        location = StateLocation.choose(configured: loaded.configuration.state, configurationFile: loaded.file)
    }

    /// Takes the right to be the only one at work.
    package func lock() throws -> StateLock {
        do {
            try FileManager.default.createDirectory(
                atPath: location.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StateError(making: location.path, error)
        }
        return try StateLock(folder: location.path)
    }

    /// Opens the memory to work on it; damage is found first.
    package func open() throws -> StateDatabase {
        try StateDatabase(folder: location.path, migrations: StateMigrations.register)
    }

    /// Opens the memory to look at it: quickly, and without making one where there is none.
    package func openForReading() throws -> StateDatabase {
        guard exists else { return try StateDatabase(inMemory: StateMigrations.register) }
        return try StateDatabase(folder: location.path, checksIntegrity: false, migrations: StateMigrations.register)
    }

    /// Whether there is a memory at all.
    package var exists: Bool {
        FileManager.default.fileExists(atPath: (location.path as NSString).appendingPathComponent("state.sqlite"))
    }
}
