import Foundation
import Replication

/// A file with all differences, a JSON object a line.
final class DifferenceFile {
    private let handle: FileHandle

    /// Makes the file anew.
    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    func append(_ difference: Difference) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try handle.write(contentsOf: encoder.encode(VerificationResult.Item(difference)) + Data("\n".utf8))
    }

    func close() throws { try handle.close() }
}
