import Foundation

extension Vault {
    /// Whether there is no catalogue: opening tells a file that is gone as one that can't be read.
    package static func isGone(at path: String) -> Bool { isGone("\(path)/\(CatalogueFile.fileName)") }

    /// Whether the file of a backup is gone, as ``isGone(at:)``.
    package func isGone(_ entry: Entry) -> Bool { Self.isGone("\(path)/\(entry.folder)/\(VaultFile.fileName)") }

    /// In a folder that can't be looked into there may be such a file.
    private static func isGone(_ file: String) -> Bool {
        var status = stat()
        return stat(file, &status) != 0 && [ENOENT, ENOTDIR].contains(errno)
    }
}
