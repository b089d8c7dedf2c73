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

    /// Removes the file of a large attachment, or changes one bit of it.
    func damageObject(isMissing: Bool) throws {
        let object = try #require(try objects().first)
        guard !isMissing else { return try FileManager.default.removeItem(at: object) }
        let file = try FileHandle(forUpdating: object)
        try file.seek(toOffset: 40_000)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: 40_000)
        try file.write(contentsOf: [byte ^ 0x10])
        try file.close()
    }

    /// Changes what the backup's file holds.
    func damage(_ sql: String) async throws {
        let file = try #require(try files { $0.lastPathComponent == "database.sqlite" }.first)
        let database = try DatabaseQueue(path: file.path(percentEncoded: false))
        try await database.write { try $0.execute(sql: sql) }
        try database.close()
    }
}
