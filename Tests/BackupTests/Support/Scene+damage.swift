import Foundation
import GRDB
import Testing

/// Accidents of the vault's disk.
extension Scene {
    /// The vault's files that a test names.
    private func files(where isWanted: (URL) -> Bool) throws -> [URL] {
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        return files.compactMap { $0 as? URL }.filter { isWanted($0) && !$0.hasDirectoryPath }
    }

    /// The files of large attachments.
    func objects() throws -> [URL] { try files { $0.pathComponents.contains("objects") } }

    /// Changes what the backup's file holds.
    func damage(_ sql: String) async throws {
        let file = try #require(try files { $0.lastPathComponent == "database.sqlite" }.first)
        let database = try DatabaseQueue(path: file.path(percentEncoded: false))
        try await database.write { try $0.execute(sql: sql) }
        try database.close()
    }
}
