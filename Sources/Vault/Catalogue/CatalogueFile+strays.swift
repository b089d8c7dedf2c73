import Foundation

/// Backups in folders that the catalogue does not name.
struct StrayBackups: Sendable {
    /// Backups of this vault that have a moment, those with the newest first.
    var found: [Vault.Entry] = []
    /// Folders whose backup is of no use, and why.
    var left: [(folder: String, error: VaultError)] = []
}

extension CatalogueFile {
    /// Finds the backups that came back after others were begun in their place, or were moved inside the vault. Blocks.
    ///
    /// - Parameters:
    ///   - uuid: the vault's.
    ///   - known: the folders that the catalogue names.
    ///   - prefix: what the names of the folders that are looked at begin with.
    static func strays(
        in vault: String, of uuid: String, besides known: Set<String>, prefix: String = ""
    ) throws -> StrayBackups {
        var strays = StrayBackups()
        for name in try folderNames(of: vault) where name.hasPrefix(prefix) {
            let folder = "\(folders)/\(name)"
            // Without a file nothing can be said of it, and a kill may have left it.
            guard !known.contains(folder),
                FileManager.default.fileExists(atPath: "\(vault)/\(folder)/\(VaultFile.fileName)")
            else { continue }
            do {
                let backup = try entry(folder, in: vault)
                if backup.vault != uuid {
                    strays.left.append((folder, otherVault(folder)))
                } else if backup.entry.newestMoment > 0 {
                    // Another process may be just beginning one without a moment.
                    strays.found.append(backup.entry)
                }
            } catch let error as VaultError {
                strays.left.append((folder, error.ofUnnamed))
            }
        }
        strays.found.sort { ($0.newestMoment, $0.created) > ($1.newestMoment, $1.created) }
        return strays
    }

    /// The error of a backup's folder that came from another vault.
    static func otherVault(_ folder: String) -> VaultError {
        VaultError(.otherDatabase, "it belongs to another vault", at: folder)
    }

    /// The names of the backups' folders; none where there is no folder for them yet.
    private static func folderNames(of vault: String) throws -> [String] {
        let path = "\(vault)/\(folders)"
        guard access(path, F_OK) == 0 || errno != ENOENT else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw VaultError.wrapping(error, at: path)
        }
    }
}
