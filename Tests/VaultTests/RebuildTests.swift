import CouchDB
import Foundation
import GRDB
import Testing

@testable import Vault

@Suite("A catalogue and files that are not of one time")
struct RebuildTests {
    private let start = TemporaryVault.start

    @Test("A catalogue from before a prune is healed by the next writer")
    func olderCatalogue() async throws {
        let folder = TemporaryVault()
        var database = try await folder.database()
        for minute in 1...2 { try await database.seal(minute: minute) }
        let catalogue = URL(fileURLWithPath: "\(folder.path)/catalogue.sqlite")
        let old = try Data(contentsOf: catalogue)
        for minute in 3...4 { try await database.seal(minute: minute) }
        let plan = try await database.prunePlan(KeepPolicy(last: 1), now: start)
        _ = try await database.prune(plan, isConfirmed: true)
        try await database.close()
        try old.write(to: catalogue)

        #expect(try await folder.database(isWriting: false).moments().map(\.number) == [4])
        database = try await folder.database()
        try await database.close()
        let vault = try await Vault(at: folder.path, create: false, now: start)
        #expect(try await vault.entries().map(\.newestMoment) == [4])
    }

    @Test("An older file is named, and taken as it is where that is said", arguments: [0, 1])
    func olderFile(moments: Int) async throws {
        let folder = TemporaryVault()
        var database = try await folder.database()
        if moments > 0 { try await database.seal(minute: 1) }
        try await database.close()
        let file = URL(fileURLWithPath: try folder.file())
        let old = try Data(contentsOf: file)
        database = try await folder.database()
        try await database.seal(minute: 2)
        try await database.close()
        try old.write(to: file)

        let error = await #expect(throws: VaultError.self) { _ = try await folder.database() }
        #expect(error?.next.contains("vault rebuild --accept-older") == true)
        let named = try await Vault.rebuild(at: folder.path, now: start)
        #expect(named.wasSound && named.older.map(\.file) == [moments] && named.older.map(\.catalogue) == [moments + 1])
        await #expect(throws: VaultError.self) { _ = try await folder.database() }
        _ = try await Vault.rebuild(at: folder.path, acceptsOlder: true, now: start)
        #expect(try await folder.database().moments().count == moments)
        #expect(try await Vault.rebuild(at: folder.path, now: start).older.isEmpty)
    }

    @Test("What a backup that never came about has left is no damage")
    func leftFolders() async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        try await database.seal(minute: 1)
        try await database.close()
        let backup = (try folder.file() as NSString).deletingLastPathComponent
        for name in ["databases/orders-1", "databases/orders-2"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(name)/objects", withIntermediateDirectories: true)
        }
        try Data().write(to: URL(fileURLWithPath: "\(folder.path)/databases/orders-1/database.sqlite.new"))
        // A file of a process that came second, without a moment.
        let vault = try await Vault(at: folder.path, create: false, now: start)
        let second = StateRow(vault: vault.uuid, database: "another", name: "orders")
        try VaultFile.create(folder: "\(folder.path)/databases/orders-3", state: second, key: nil, at: start)
        try FileManager.default.removeItem(atPath: "\(folder.path)/catalogue.sqlite")

        let rebuilt = try await Vault.rebuild(at: folder.path, now: start)
        #expect(rebuilt.names == ["orders"] && rebuilt.left.isEmpty, "\(rebuilt)")
        #expect(rebuilt.unused.sorted() == (1...3).map { "databases/orders-\($0)" })
        #expect(try await folder.database().moments().count == 1)
        #expect(FileManager.default.fileExists(atPath: backup))
    }

    @Test("Of several that begin a backup at a time, one folder is left")
    func race() async throws {
        let folder = TemporaryVault()
        _ = try await Vault(at: folder.path, create: true, now: start)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let vault = try await Vault(at: folder.path, create: false, now: TemporaryVault.start)
                    try await vault.database("orders", isWriting: false, create: true, now: TemporaryVault.start)
                        .close()
                }
            }
            try await group.waitForAll()
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/databases").count == 1)
    }

    @Test("A backup that can't be begun leaves no folder")
    func failedCreation() async throws {
        let folder = TemporaryVault()
        let vault = try await Vault(at: folder.path, create: true, now: start)
        // A folder in the place of the file lets its last step fail.
        let state = StateRow(vault: vault.uuid, database: "x", name: "orders")
        let place = "\(folder.path)/databases/x"
        try FileManager.default.createDirectory(
            atPath: "\(place)/database.sqlite/x", withIntermediateDirectories: true)
        #expect(throws: VaultError.self) {
            try VaultFile.create(folder: place, state: state, key: nil, at: TemporaryVault.start)
        }
        #expect(!FileManager.default.fileExists(atPath: "\(place)/database.sqlite.new"))
    }
}
