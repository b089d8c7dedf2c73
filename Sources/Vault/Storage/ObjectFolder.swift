import CouchDB
import Crypto
import Foundation
import NIOPosix
import Replication

/// The folder of large attachments: one file each, named for the SHA-256 of its bytes, in folders of its first byte.
struct ObjectFolder: Sendable {
    let path: String

    /// Attachments of more bytes get a file of their own; smaller ones go into SQLite.
    static let threshold = 64 << 10
    private static let piece = 256 << 10

    /// A file that is complete on disk but not yet part of the vault.
    struct Draft: Sendable {
        let path: String
        /// Of the bytes, or its keyed digest where the backup is encrypted.
        let sha256: Data
        let size: Int
        /// Where the backup is encrypted: the SHA-256 of the file, and what the attachment's row seals.
        var stored: Data?
        var sealed: Data?
    }

    func path(of sha256: Data) -> String {
        let name = sha256.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return "\(path)/\(name.prefix(2))/\(name)"
    }

    /// Writes an attachment piece by piece and syncs it; the draft is to be kept or dropped.
    func draft(_ attachment: Attachment, sealer: Sealer?, keyring: Keyring?) async throws -> Draft {
        let path = "\(path)/draft-\(UUID().uuidString)"
        let descriptor = try await Self.onThread {
            try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
            let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw POSIXFailure("open \(path)") }
            return descriptor
        }
        do {
            var (hasher, stored) = (SHA256(), SHA256())
            var (offset, number) = (0, 0)
            let object = sealer.map(SealedObject.init(sealer:))
            if let object {
                stored.update(data: object.name)
                try await Self.onThread { try Self.write(object.name, to: descriptor) }
            }
            while true {
                try Task.checkCancellation()
                let bytes = try await attachment.read(
                    at: offset, count: object == nil ? Self.piece : SealedObject.piece)
                guard !bytes.isEmpty else { break }
                hasher.update(data: bytes)
                offset += bytes.count
                let written = try object?.seal(bytes, at: number) ?? bytes
                number += 1
                if object != nil { stored.update(data: written) }
                try await Self.onThread { try Self.write(written, to: descriptor) }
            }
            guard offset == attachment.size else {
                throw VaultError(
                    .damaged, "an attachment of \(attachment.size) bytes ended after \(offset)",
                    at: attachment.member.name,
                    next: "run it again; the vault did not take it")
            }
            try await Self.onThread {
                guard fsync(descriptor) == 0 else { throw POSIXFailure("fsync") }
            }
            close(descriptor)
            let sha256 = Data(hasher.finalize())
            guard let object, let keyring else { return Draft(path: path, sha256: sha256, size: offset) }
            let token = keyring.token("attachment", [sha256])
            return Draft(
                path: path, sha256: token, size: offset, stored: Data(stored.finalize()),
                sealed: try object.sealer.seal(object.name, .attachment, [token]))
        } catch {
            close(descriptor)
            unlink(path)
            throw error
        }
    }

    /// Gives the draft its place, durably. Blocks; for the writer's thread.
    func keep(_ draft: Draft) throws {
        let path = path(of: draft.sha256)
        let folder = (path as NSString).deletingLastPathComponent
        if mkdir(folder, 0o700) == 0 { try Self.syncFolder(self.path) }
        guard rename(draft.path, path) == 0 else { throw POSIXFailure("rename \(draft.path)") }
        try Self.syncFolder(folder)
    }

    /// Forgets the draft.
    func drop(_ draft: Draft) { unlink(draft.path) }

    /// The SHA-256 of a file, read piece by piece. Blocks.
    func hash(of sha256: Data) throws -> (sha256: Data, size: Int) {
        let descriptor = open(path(of: sha256), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw POSIXFailure("open \(path(of: sha256))") }
        defer { close(descriptor) }
        var (hasher, size) = (SHA256(), 0)
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw POSIXFailure("read \(path(of: sha256))") }
            guard count > 0 else { break }
            buffer.withUnsafeBytes { hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            size += count
        }
        return (Data(hasher.finalize()), size)
    }

    /// The SHA-256 of a file; nil where there is none. Blocks.
    func storedHash(of sha256: Data) throws -> Data? {
        guard FileManager.default.fileExists(atPath: path(of: sha256)) else { return nil }
        return try hash(of: sha256).sha256
    }

    /// Runs what blocks on a thread that may block.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// Runs what blocks on such a thread, also where the task is cancelled.
    static func finishOnThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await NIOThreadPool.singleton.finish(body)
    }

    static func syncFolder(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw POSIXFailure("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw POSIXFailure("fsync \(path)") }
    }

    private static func write(_ bytes: Data, to descriptor: Int32) throws {
        try bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = Foundation.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: bytes[offset...]).baseAddress, bytes.count - offset)
                guard count >= 0 else { throw POSIXFailure("write") }
                offset += count
            }
        }
    }
}
