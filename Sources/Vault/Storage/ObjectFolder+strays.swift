import Foundation

extension ObjectFolder {
    /// The hashes that the files' names tell. Blocks.
    func stored() throws -> [Data] {
        var hashes: [Data] = []
        try forEachStored { hashes.append($0) }
        return hashes
    }

    /// Hands out the hashes that the files' names tell, without holding all of them. Blocks.
    func forEachStored(_ body: (Data) throws -> Void) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else { return }
        for folder in try manager.contentsOfDirectory(atPath: path) where folder.count == 2 {
            for name in try manager.contentsOfDirectory(atPath: "\(path)/\(folder)") {
                if let hash = Self.hash(named: name) { try body(hash) }
            }
        }
    }

    /// Removes files that a kill has left: those that nothing names. Drafts of a run at work stay. Blocks.
    func removeStrays(isUsed: (Data) throws -> Bool) throws {
        try forEachStored { if try !isUsed($0) { unlink(path(of: $0)) } }
    }

    /// Removes drafts; only for a writer that has not begun any. Blocks.
    func removeDrafts() throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasPrefix("draft-") {
            unlink("\(path)/\(name)")
        }
    }

    private static func hash(named name: String) -> Data? {
        let digits = name.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard name.utf8.count == 64, digits.count == 64 else { return nil }
        return Data(stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}

extension VaultFile {
    /// The bytes that the database takes on disk. Blocks.
    func size() throws -> Int {
        var size = 0
        for path in [path, "\(path)-wal"] { size += Self.size(of: path) }
        try objects.forEachStored { size += Self.size(of: objects.path(of: $0)) }
        return size
    }

    /// A file that is not there takes nothing.
    static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
