import Foundation

extension Vault {
    /// Whether there is no vault: opening tells a catalogue that is gone as one that can't be read.
    ///
    /// Where only the catalogue is gone, the backups are not: `vault rebuild` makes it anew.
    package static func isGone(at path: String) -> Bool {
        guard isGone("\(path)/\(CatalogueFile.fileName)") else { return false }
        let folder = "\(path)/\(CatalogueFile.folders)"
        guard !isGone(folder) else { return true }
        // A folder that can't be listed may have backups.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return false }
        return names.allSatisfy { isGone("\(folder)/\($0)/\(VaultFile.fileName)") }
    }

    /// Whether the file of a backup is gone, as ``isGone(at:)``.
    package func isGone(_ entry: Entry) -> Bool { Self.isGone("\(path)/\(entry.folder)/\(VaultFile.fileName)") }

    /// In a folder that can't be looked into there may be such a file.
    private static func isGone(_ file: String) -> Bool {
        var status = stat()
        return stat(file, &status) != 0 && [ENOENT, ENOTDIR].contains(errno)
    }
}
