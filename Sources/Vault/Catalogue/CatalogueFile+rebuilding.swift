import Foundation
import GRDB

/// What came of making a catalogue anew.
package struct RebuiltCatalogue: Sendable {
    /// Backups that are in the catalogue now, by name.
    package var names: [String] = []
    /// Folders whose backup is not, and why.
    package var left: [(folder: String, error: VaultError)] = []
    /// Where the damaged catalogue is now; nil where there was none.
    package var former: String?
    /// Folders that a kill, a full disk or another process has left: no moment was ever made in them.
    package var unused: [String] = []
    /// Whether it was sound, and only the older files were looked for.
    package var wasSound = false
    /// Backups whose file is older than the sound catalogue, and which it takes as they are now where that was said.
    package var older: [(name: String, catalogue: Int, file: Int)] = []
    /// Backups that the sound catalogue did not name, and names now.
    package var found: [String] = []
}

extension Vault {
    /// Makes a catalogue that is lost or damaged anew, from what the files of the backups say of themselves.
    ///
    /// - Parameters:
    ///   - acceptsOlder: where the catalogue is sound, makes it forget what it knows more than a backup's file, such as one
    ///     that was put back from a copy.
    ///   - lost: the name of a backup whose file is gone, which a sound catalogue is to name no more; one that is made anew
    ///     does not name it.
    /// - Throws: `VaultError` where there is no backup, a catalogue that can't be looked at, or a backup to be forgotten whose
    ///   file is there.
    package static func rebuild(
        at path: String, acceptsOlder: Bool = false, forgetting lost: String? = nil, now: Date
    ) async throws -> RebuiltCatalogue {
        if try await hasSoundCatalogue(at: path, now: now) {
            let vault = try await Vault(at: path, create: false, now: now)
            if let lost { try await vault.forget(lost) }
            var result = try await vault.older(accepts: acceptsOlder)
            let strays = try await vault.takeStrays()
            result.found = strays.found.map(\.name).sorted()
            result.left += strays.left
            return result
        }
        return try await ObjectFolder.onThread {
            do { return try CatalogueFile.rebuild(path, now: now) } catch { throw VaultError.wrapping(error, at: path) }
        }
    }

    /// Compares a sound catalogue with the files.
    private func older(accepts: Bool) async throws -> RebuiltCatalogue {
        var result = RebuiltCatalogue(wasSound: true)
        for entry in try await entries() {
            let folder = "\(path)/\(entry.folder)"
            do {
                let witness = try await ObjectFolder.onThread {
                    let file = try VaultFile(folder: folder, isWriting: false)
                    defer { try? file.close() }  // it was only read
                    return try file.reader.read { try Witness(entry, $0) }
                }
                guard witness.isOlder else { continue }
                result.older.append((entry.name, entry.newestMoment, witness.newest))
                if accepts { try await catalogue.note(witness.moment, of: entry.uuid) }
            } catch {
                let error = VaultError.wrapping(error, at: folder)
                guard let error = error as? VaultError else { throw error }
                result.left.append((entry.folder, error.ofBackup))
            }
        }
        return result
    }

    private static func hasSoundCatalogue(at path: String, now: Date) async throws -> Bool {
        do {
            let vault = try await Vault(at: path, create: false, now: now)
            return try await vault.catalogue.problems().isEmpty
        } catch let error as VaultError where error.code == .damaged {
            return false
        }
    }
}

extension CatalogueFile {
    static let folders = "databases"

    /// Whether a folder has the backups of a vault, with or without a catalogue.
    static func hasBackups(_ folder: String) -> Bool {
        // What can't be listed has none to offer.
        let found = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(folders)")) ?? []
        return found.contains { FileManager.default.fileExists(atPath: "\(folder)/\(folders)/\($0)/objects") }
    }

    /// Blocks.
    fileprivate static func rebuild(_ vault: String, now: Date) throws -> RebuiltCatalogue {
        var result = RebuiltCatalogue()
        var found: [(vault: String, entry: Vault.Entry)] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(vault)/\(folders)").sorted() {
            let folder = "\(folders)/\(name)"
            guard hasFile("\(vault)/\(folder)") else {
                result.unused.append(folder)
                continue
            }
            do {
                found.append(try entry(folder, in: vault))
            } catch let error as VaultError {
                result.left.append((folder, error.ofUnnamed))
            }
        }
        // Newer ones first: of two with one name, the other was begun by a process that came second, or was killed.
        found.sort { ($0.entry.newestMoment, $0.entry.created) > ($1.entry.newestMoment, $1.entry.created) }
        guard let uuid = found.first?.vault else {
            throw VaultError(
                .damaged, "none of its backups can be read", at: vault, next: "put the vault's folder back from a copy")
        }
        var entries: [Vault.Entry] = []
        for (owner, entry) in found {
            guard owner == uuid else {
                result.left.append((entry.folder, otherVault(entry.folder)))
                continue
            }
            guard !entries.contains(where: { $0.isNamed(entry.name) }) else {
                // Begun by a process that came second.
                guard entry.newestMoment > 0 else {
                    result.unused.append(entry.folder)
                    continue
                }
                result.left.append(
                    (entry.folder, VaultError(.otherDatabase, "“\(entry.name)” is another one", at: entry.folder)))
                continue
            }
            entries.append(entry)
        }
        let path = "\(vault)/\(fileName)"
        let draft = try draft(of: path, uuid: uuid, created: entries.map(\.created).min() ?? now, entries)
        defer { unlink(draft) }
        result.former = try setAside(path, now: now)
        guard link(draft, path) == 0 else { throw POSIXFailure("link \(draft)") }
        try ObjectFolder.syncFolder(vault)
        result.names = entries.map(\.name).sorted()
        return result
    }

    /// Whether a folder has a backup's file, or attachments of one that is gone.
    private static func hasFile(_ folder: String) -> Bool {
        if access("\(folder)/\(VaultFile.fileName)", F_OK) == 0 || errno != ENOENT { return true }
        guard let objects = try? ObjectFolder(path: "\(folder)/objects").stored() else { return true }
        return !objects.isEmpty
    }

    /// What a backup's file says of itself.
    static func entry(_ folder: String, in vault: String) throws -> (vault: String, entry: Vault.Entry) {
        let file = try VaultFile(folder: "\(vault)/\(folder)", isWriting: false)
        defer { try? file.close() }  // it was only read
        do {
            return try file.reader.read { database in
                let state = try StateRow(database)
                let newest = try Moment.all(database).last
                let entry = Vault.Entry(
                    name: state.name, uuid: state.database,
                    created: try Epoch.read(database).sound.first?.began ?? .distantPast,
                    folder: folder, newestMoment: newest?.number ?? 0, witness: newest?.rowHash ?? 0)
                return (state.vault, entry)
            }
        } catch {
            throw VaultError.wrapping(error, at: file.path)
        }
    }

    /// Gives the damaged catalogue another name, with its journal, which is not the new one's; nil where there is none.
    private static func setAside(_ path: String, now: Date) throws -> String? {
        let former = "\(path).damaged-\(now.milliseconds)"
        for ending in ["-journal", "-wal", "-shm", ""] where access(path + ending, F_OK) == 0 {
            guard rename(path + ending, former + ending) == 0 else { throw POSIXFailure("rename \(path + ending)") }
        }
        return access(former, F_OK) == 0 ? former : nil
    }
}
