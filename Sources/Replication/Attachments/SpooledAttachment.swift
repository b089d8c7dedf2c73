import Foundation
import NIOPosix
import SystemPackage

/// The bytes of a large attachment in a temporary file, which goes away with the last reference to it.
///
/// The file has no name from the moment it was made, so that nothing of it is left behind, even by a kill.
final class SpooledAttachment: AttachmentReader {
    let size: Int
    private let file: OpenFile

    fileprivate init(file: OpenFile, size: Int) {
        self.file = file
        self.size = size
    }

    /// A file that is closed with the last reference to it, also where an answer was cut off in the middle of it.
    fileprivate final class OpenFile: Sendable {
        let descriptor: FileDescriptor

        init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

        deinit {
            // Nothing can be done about a file that doesn't close, and nothing is lost by it.
            try? descriptor.close()
        }
    }

    func read(at offset: Int, count: Int) async throws -> Data {
        let wanted = max(0, min(count, size - offset))
        guard wanted > 0 else { return Data() }
        return try await NIOThreadPool.singleton.runIfActive { [file] in
            var data = Data(count: wanted)
            var done = 0
            while done < wanted {
                let read = try data.withUnsafeMutableBytes { bytes in
                    try file.descriptor.read(
                        fromAbsoluteOffset: Int64(offset + done),
                        into: UnsafeMutableRawBufferPointer(rebasing: bytes[done...]))
                }
                guard read > 0 else { throw SpoolError.truncated }
                done += read
            }
            return data
        }
    }

    /// Takes the bytes of an attachment as they come.
    struct Writer: Sendable {
        private let file: OpenFile
        private let folder: String
        private var size = 0

        /// Makes an empty file in a folder.
        ///
        /// - Throws: ``LocalFileFailure``.
        static func make(in folder: FilePath) async throws -> Writer {
            let path = folder.appending("couchkeep-\(UUID().uuidString)")
            let file = try await onThread(folder.string) {
                let file = OpenFile(
                    try FileDescriptor.open(
                        path, .readWrite, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite))
                try FileManager.default.removeItem(atPath: path.string)
                return file
            }
            return Writer(file: file, folder: folder.string)
        }

        private init(file: OpenFile, folder: String) { (self.file, self.folder) = (file, folder) }

        /// Adds bytes.
        ///
        /// - Throws: ``LocalFileFailure``.
        mutating func append(_ data: Data) async throws {
            let offset = size
            try await Self.onThread(folder) { [file] in
                _ = try data.withUnsafeBytes { try file.descriptor.writeAll(toAbsoluteOffset: Int64(offset), $0) }
            }
            size += data.count
        }

        /// Runs what blocks, and says of its failure which folder it is about.
        private static func onThread<Value: Sendable>(
            _ folder: String, _ body: @escaping @Sendable () throws -> Value
        ) async throws -> Value {
            do {
                return try await NIOThreadPool.singleton.runIfActive(body)
            } catch {
                throw LocalFileFailure(error, path: folder) ?? error
            }
        }

        /// Hands the file over to the attachment.
        func finish() -> SpooledAttachment { SpooledAttachment(file: file, size: size) }
    }
}

/// Why spooled bytes can't be read back.
enum SpoolError: Error, CustomStringConvertible {
    case truncated

    var description: String { "a temporary file with an attachment is shorter than it was written" }
}
