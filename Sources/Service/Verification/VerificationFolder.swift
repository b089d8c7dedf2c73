import Foundation
import Supervision

/// The part of the state folder that belongs to verifications: a lock for each pair, and files with many differences.
package struct VerificationFolder: Sendable {
    package let path: String

    package init(_ state: StateFolder) {
        path = (state.location.path as NSString).appendingPathComponent("verifications")
    }

    /// Takes the right to verify a pair.
    ///
    /// - Throws: `StateError` with code `locked` where another process has it.
    package func lock(_ key: String, name: String) throws -> StateLock {
        do {
            return try StateLock.making(pairFolder(key))
        } catch let error as StateError where error.code == .locked {
            throw StateError(.locked, path: error.path, detail: "the pair \(name) is being verified: \(error.detail)")
        }
    }

    /// Takes the right to verify all pairs that are due, one after the other.
    ///
    /// - Returns: nil where another process is at it.
    package func lockSchedule() throws -> StateLock? { try StateLock.unlessHeld(path) }

    /// The file with all differences of a verification.
    package func differences(of id: Int) -> String {
        (path as NSString).appendingPathComponent("\(id).jsonl")
    }

    /// The folder in which a verification writes down how far it is.
    func progress(of id: Int) -> String { (path as NSString).appendingPathComponent("\(id)") }

    /// Makes that folder.
    func makeProgress(of id: Int) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: progress(of: id), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StateError(making: progress(of: id), error)
        }
    }

    /// Removes what is no longer needed of a verification that has ended.
    func removeProgress(of id: Int) throws { try Self.remove(progress(of: id)) }

    /// Removes the files of verifications that are forgotten.
    func remove(_ ids: [Int]) throws {
        for id in ids {
            try Self.remove(differences(of: id))
            try Self.remove(progress(of: id))
        }
    }

    private static func remove(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw StateError(.unwritable, path: path, detail: error.localizedDescription)
        }
    }

    /// Marks verifications whose process is gone.
    ///
    /// - Parameter key: the pair whose lock the caller has; nil looks at all pairs.
    package func markInterrupted(_ store: StoredVerifications, key: String? = nil, at moment: Date) async throws {
        for record in try await store.running(of: key) {
            if key != nil {
                try await mark(record, store, at: moment)
            } else if let lock = try? StateLock.making(pairFolder(record.key)) {
                // One that is locked is at work, and a folder that can't be written is told by what has to write there.
                try await mark(record, store, at: moment)
                lock.release()
            }
        }
    }

    private func mark(_ record: VerificationRecord, _ store: StoredVerifications, at moment: Date) async throws {
        // It may have ended since it was read.
        guard var record = try await store.record(record.id), record.state == .running else { return }
        (record.state, record.endedAt, record.reason) = (.interrupted, moment, "its process is gone")
        try await store.store(record)
    }

    /// A pair's folder: its key may have characters and a length that a file system does not take.
    private func pairFolder(_ key: String) -> String {
        // FNV-1a: it only has to tell pairs apart.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return (path as NSString).appendingPathComponent("pair-" + String(hash, radix: 16))
    }
}
