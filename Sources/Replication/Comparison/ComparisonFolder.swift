import Foundation
import NIOPosix
import SystemPackage

/// The folder that holds the partitions of one comparison.
struct ComparisonFolder: Sendable {
    let path: FilePath

    static func make(in parent: FilePath) async throws -> ComparisonFolder {
        let path = parent.appending("couchkeep-comparison-\(UUID().uuidString)")
        try await NIOThreadPool.singleton.runIfActive {
            try FileManager.default.createDirectory(
                atPath: path.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        return ComparisonFolder(path: path)
    }

    /// Removes the folder; a cancelled task does it too.
    func remove() async throws {
        let path = path.string
        try await NIOThreadPool.singleton.finish { try FileManager.default.removeItem(atPath: path) }
    }

    /// How many partitions suit a number of documents: a power of two, so that one of each side fits into memory.
    static func partitions(for documents: Int) -> Int {
        var count = 16
        while count < 256, documents / count > 100_000 { count *= 2 }
        return count
    }
}
