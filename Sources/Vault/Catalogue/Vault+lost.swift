import Foundation

extension Vault {
    /// Lets another backup stand in the place of one whose file is gone: one of its name that has come back, or a new one.
    ///
    /// Nothing of the lost one is touched, and its folder may come back beside: ``takeStrays()`` tells of it.
    func replace(_ lost: Entry, now: Date) async throws -> Entry {
        guard let found = try await another(for: lost) else {
            return try await make(lost.name, inPlaceOf: lost, now: now)
        }
        return try await catalogue.add(found, inPlaceOf: lost)
    }

    /// Another backup of the name of a lost one that the catalogue does not name.
    private func another(for lost: Entry) async throws -> Entry? {
        let (path, uuid, prefix) = (path, uuid, "\(Self.folderName(of: lost.name))-")
        let strays = try await ObjectFolder.onThread {
            try CatalogueFile.strays(in: path, of: uuid, besides: [lost.folder], prefix: prefix)
        }
        guard var found = strays.found.first(where: { $0.isNamed(lost.name) }) else { return nil }
        // What the catalogue has seen of it finds an older copy.
        if found.uuid == lost.uuid { (found.newestMoment, found.witness) = (lost.newestMoment, lost.witness) }
        return found
    }

    /// Lets the catalogue name a backup no more whose file is gone, so that the next backup begins anew.
    ///
    /// - Throws: `VaultError` with code `vault-refused` where the file is there, `vault-unknown-database` where there is no
    ///   backup of that name.
    func forget(_ name: String) async throws {
        guard let entry = try await entry(named: name) else { throw unknown(name) }
        guard isGone(entry) else {
            throw VaultError(
                .refused, "the backup is there, or its folder can't be looked into", at: "\(path)/\(entry.folder)",
                next: "to give it up, move this folder out of the vault first")
        }
        try await catalogue.remove(entry)
    }

    /// Takes backups that the catalogue does not name into it, but for those whose name another one has.
    ///
    /// - Returns: those that were taken, and those that were not.
    func takeStrays() async throws -> StrayBackups {
        var known = try await entries()
        let (path, uuid, folders) = (path, uuid, Set(known.map(\.folder)))
        var strays = try await ObjectFolder.onThread {
            try CatalogueFile.strays(in: path, of: uuid, besides: folders)
        }
        let found = strays.found
        strays.found = []
        for entry in found {
            if let other = known.first(where: { $0.isNamed(entry.name) }) {
                strays.left.append((entry.folder, Self.secondBackup(entry, besides: other)))
            } else {
                known.append(try await catalogue.add(entry))
                strays.found.append(entry)
            }
        }
        return strays
    }

    private static func secondBackup(_ entry: Entry, besides other: Entry) -> VaultError {
        VaultError(
            .otherDatabase, "“\(entry.name)” is another one, \(other.folder)", at: entry.folder,
            next: "to have this one in its place, move \(other.folder) out of the vault, then couchkeep vault rebuild "
                + "--forget NAME")
    }
}
