import Foundation
import GRDB

/// A folder that holds backups of databases: a catalogue, and for each database a file and its large attachments.
package struct Vault: Sendable {
    package let path: String
    /// The vault's own identity.
    package let uuid: String
    let catalogue: CatalogueFile

    /// A backup in the vault.
    package struct Entry: Sendable, Hashable {
        package var name: String
        package var uuid: String
        package var created: Date
        /// The folder of the backup.
        package var folder: String
        /// The number of the newest moment, 0 where there is none.
        package var newestMoment: Int
        /// The hash of that moment's row.
        var witness: Int64

        /// By bytes: Swift takes two spellings of one accented letter for equal.
        func isNamed(_ name: String) -> Bool { self.name.utf8.elementsEqual(name.utf8) }
    }

    /// Opens a vault, and makes it where the folder is new or empty and `create` is set.
    ///
    /// - Parameter key: opens encrypted backups; new ones are encrypted where it is given.
    /// - Throws: `VaultError`.
    package init(
        at path: String, create: Bool, now: Date, key: KeySource? = nil, onStep: (@Sendable (VaultStep) -> Void)? = nil
    ) async throws {
        self.path = path
        self.key = key
        self.onStep = onStep
        catalogue = try await ObjectFolder.onThread { try CatalogueFile(folder: path, create: create, now: now) }
        uuid = catalogue.uuid
    }

    private let key: KeySource?
    private let onStep: (@Sendable (VaultStep) -> Void)?

    /// The backups, by name.
    package func entries() async throws -> [Entry] { try await catalogue.entries() }

    /// The backup of a name; nil where there is none.
    package func entry(named name: String) async throws -> Entry? { try await catalogue.entry(named: name) }

    /// The backups of these names; all where none is named.
    ///
    /// - Throws: `VaultError` with code `vault-unknown-database` where there is none of a name.
    package func entries(only names: [String]) async throws -> [Entry] {
        let known = try await entries()
        guard !names.isEmpty else { return known }
        for name in names where !known.contains(where: { $0.isNamed(name) }) { throw unknown(name) }
        return known.filter { entry in names.contains(where: entry.isNamed) }
    }

    func unknown(_ name: String) -> VaultError {
        VaultError(.unknownDatabase, "the vault has no backup of “\(name)”", at: path)
    }

    /// Opens a backup.
    ///
    /// - Parameters:
    ///   - isWriting: takes the lock of the only writer.
    ///   - create: makes the backup where there is none of that name.
    ///   - replacesLost: with `create`, makes another one where the file of the one of that name is gone, and touches nothing
    ///     of that: only for who has told people, since the vault shows the loss no more.
    /// - Throws: `VaultError`.
    package func database(
        _ name: String, isWriting: Bool, create: Bool = false, replacesLost: Bool = false, now: Date
    ) async throws -> VaultDatabase {
        var entry = try await catalogue.entry(named: name)
        if let lost = entry, create, replacesLost, isGone(lost) { entry = try await replace(lost, now: now) }
        if entry == nil, create { entry = try await make(name, now: now) }
        guard let entry else { throw unknown(name) }
        let folder = "\(path)/\(entry.folder)"
        let (uuid, catalogue) = (uuid, catalogue)
        let file = try await open(folder, isWriting: isWriting, key: key)
        let database = VaultDatabase(
            file: file, name: name, uuid: entry.uuid, moment: nil,
            witness: { try await catalogue.note($0, of: entry.uuid) }, vault: uuid)
        let newest = try await file.read { try Self.check($0, against: entry, vault: uuid, path: file.path) }
        if isWriting, let newest, newest.number > entry.newestMoment { try await database.witness(newest) }
        return database
    }

    /// Opens a backup for a body, and closes it behind that, whatever comes of it.
    ///
    /// - Throws: `VaultError`, and what the body throws.
    package func withDatabase<Result>(
        _ name: String, isWriting: Bool, create: Bool = false, replacesLost: Bool = false, now: Date,
        _ body: (VaultDatabase) async throws -> Result
    ) async throws -> Result {
        let database = try await database(
            name, isWriting: isWriting, create: create, replacesLost: replacesLost, now: now)
        let result: Result
        do {
            result = try await body(database)
        } catch {
            // The first error is the one to tell.
            try? await database.close()
            throw error
        }
        try await database.close()
        return result
    }

    /// Opens the file of a backup: the catalogue knows that it was one.
    private func open(_ folder: String, isWriting: Bool, key: KeySource?) async throws -> VaultFile {
        let onStep = onStep
        do {
            return try await ObjectFolder.onThread {
                try VaultFile(folder: folder, isWriting: isWriting, key: key, onStep: onStep)
            }
        } catch let error as VaultError {
            throw error.ofBackup
        }
    }

    /// Makes a backup.
    ///
    /// - Parameter lost: the one in whose place it comes; nil where the catalogue names none.
    /// - Returns: the backup that counts: another process may have made it meanwhile.
    func make(_ name: String, inPlaceOf lost: Entry? = nil, now: Date) async throws -> Entry {
        if access(path, W_OK) != 0 { throw VaultError.wrapping(POSIXFailure("write"), at: path) }
        if lost == nil { try await catalogue.expectNone(named: name) }
        try await expectKey(passesGone: lost != nil)
        let (path, uuid, key) = (path, uuid, key)
        let entry = Entry(
            name: name, uuid: UUID().uuidString.lowercased(), created: now,
            folder: "databases/\(Self.folderName(of: name))-\(UUID().uuidString.prefix(8).lowercased())",
            newestMoment: 0, witness: 0)
        let folder = "\(path)/\(entry.folder)"
        try await ObjectFolder.onThread {
            do {
                try VaultFile.create(
                    folder: folder, state: StateRow(vault: uuid, database: entry.uuid, name: name), key: key, at: now)
                try ObjectFolder.syncFolder("\(path)/databases")
            } catch {
                // The first error is the one to tell; what is left of the folder does no harm.
                try? FileManager.default.removeItem(atPath: folder)
                throw error
            }
        }
        let counted = try await catalogue.add(entry, inPlaceOf: lost)
        if counted.uuid != entry.uuid {
            // Another process was faster, and nobody knows of this one.
            try await ObjectFolder.onThread { try? FileManager.default.removeItem(atPath: folder) }
        }
        return counted
    }

    /// A key that was forgotten on the command line must not lead to a backup that anybody can read.
    ///
    /// - Parameter passesGone: whether backups whose files are gone say nothing of others.
    private func expectKey(passesGone: Bool) async throws {
        guard key == nil else { return }
        var unread: VaultError?
        var newest: VaultFile?
        // One after another, since there can be very many, and the first is read nearly always.
        var place = 0
        while newest == nil, let entry = try await catalogue.entry(madeBefore: place) {
            place += 1
            if passesGone, isGone(entry) { continue }
            do {
                newest = try await open("\(path)/\(entry.folder)", isWriting: false, key: nil)
            } catch let error as VaultError {
                // One that is damaged says nothing of the others.
                if unread == nil { unread = error }
            }
        }
        guard let newest else {
            guard let unread else { return }
            throw unread
        }
        let isEncrypted = newest.isEncrypted
        try await ObjectFolder.finishOnThread { try newest.close() }
        guard isEncrypted else { return }
        throw VaultError(.keyMissing, "its other backups are encrypted, and no key was given for a new one", at: path)
    }

    /// What of a name is harmless in the name of a folder, for people.
    static func folderName(of name: String) -> String {
        let text = String(
            name.lowercased().prefix(40).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return text.isEmpty ? "database" : text
    }
}
