import Foundation
import Supervision

extension StateLock {
    /// Takes the lock of a folder, which is made where it is missing.
    ///
    /// - Throws: `StateError` with code `locked` where another process has it.
    static func making(_ folder: String) throws -> StateLock {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StateError(making: folder, error)
        }
        return try StateLock(folder: folder)
    }

    /// The same; nil where another process has it.
    static func unlessHeld(_ folder: String) throws -> StateLock? {
        do {
            return try making(folder)
        } catch let error as StateError where error.code == .locked {
            return nil
        }
    }
}
