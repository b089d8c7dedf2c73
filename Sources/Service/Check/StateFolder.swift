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
    package func lock() throws -> StateLock { try StateLock.making(location.path) }

    /// Takes the right to rehearse all backups that are due, one after the other; beside it others may look and verify.
    ///
    /// - Returns: nil where another process is at it.
    package func lockDrills() throws -> StateLock? {
        try StateLock.unlessHeld((location.path as NSString).appendingPathComponent("drills"))
    }

    /// Opens the memory to work on it; damage is found first.
    package func open() throws -> StateDatabase {
        try StateDatabase(folder: location.path, migrations: StateMigrations.register)
    }

    /// Opens the memory to look at it: quickly, and without making one where there is none.
    package func openForReading() throws -> StateDatabase {
        guard try exists else { return try StateDatabase(inMemory: StateMigrations.register) }
        let file = file
        guard access(file, R_OK) == 0 else { throw StateError(reading: file, number: errno) }
        return try StateDatabase(folder: location.path, checksIntegrity: false, migrations: StateMigrations.register)
    }

    /// Whether there is a memory at all.
    ///
    /// - Throws: `StateError` where the folder can't be looked into: there may be one.
    package var exists: Bool {
        get throws {
            let file = file
            var status = stat()
            guard stat(file, &status) != 0 else { return true }
            let number = errno
            guard [ENOENT, ENOTDIR].contains(number) else { throw StateError(reading: file, number: number) }
            return false
        }
    }

    private var file: String { (location.path as NSString).appendingPathComponent("state.sqlite") }
}
