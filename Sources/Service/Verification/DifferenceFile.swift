import Foundation
import NIOPosix

/// A file with all differences of a verification, a JSON object a line, mode 0600.
package final class DifferenceFile: Sendable {
    package let path: String
    private let handle: FileHandle

    /// Makes the file anew, and its folder where that is missing.
    ///
    /// - Throws: `CocoaError`.
    package init(path: String) throws {
        self.path = path
        let folder = (path as NSString).deletingLastPathComponent
        if !folder.isEmpty {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    package func append(_ difference: VerificationDifference) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try handle.write(contentsOf: encoder.encode(difference) + Data("\n".utf8))
    }

    package func close() throws { try handle.close() }

    /// Reads a file with differences.
    ///
    /// - Throws: `CocoaError` where there is none; `DecodingError` where a line is not what was written.
    package static func read(_ path: String) async throws -> [VerificationDifference] {
        try await NIOThreadPool.singleton.runIfActive {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            return try bytes.split(separator: UInt8(ascii: "\n")).map {
                try JSONDecoder().decode(VerificationDifference.self, from: Data($0))
            }
        }
    }
}
