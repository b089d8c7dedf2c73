import Foundation
import Testing

@testable import Vault

@Suite("One backup's folder is gone from a vault that is there")
struct LostFolderTests {
    private let start = TemporaryVault.start

    /// A vault whose backup has a moment, and the backup's folder.
    private func backup(in folder: TemporaryVault) async throws -> String {
        let database = try await folder.database()
        try await database.seal(minute: 1)
        try await database.close()
        return (try folder.file() as NSString).deletingLastPathComponent
    }

    private func opened(_ folder: TemporaryVault) async throws -> Vault {
        try await Vault(at: folder.path, create: false, now: start)
    }

    private func replacing(in vault: Vault) async throws -> VaultDatabase {
        try await vault.database("orders", isWriting: true, create: true, replacesLost: true, now: start)
    }

    private func move(_ path: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: path, toPath: other)
    }

    private func folders(_ folder: TemporaryVault) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/databases")
    }

    @Test("Who backs up by hand begins no other that would hide it, and is told what to do")
    func isNotHidden() async throws {
        let folder = TemporaryVault()
        try FileManager.default.removeItem(atPath: try await backup(in: folder))
        let error = await #expect(throws: VaultError.self) { _ = try await folder.database() }
        #expect(error?.code == .damaged && error?.next.contains("vault rebuild --forget") == true)
        #expect(try folders(folder).isEmpty)
        let reports = try await opened(folder).check(readData: true)
        #expect(reports.contains { $0.report.isDamaged })
        for problem in reports.flatMap(\.report.problems) { #expect(!problem.what.contains("vault check")) }
    }

    @Test("Another is begun beside it, and gives way to it when it comes back")
    func comesBack() async throws {
        let folder = TemporaryVault()
        let old = try await backup(in: folder)
        let vault = try await opened(folder)
        let lost = try #require(try await vault.entry(named: "orders"))
        try move(old, to: "\(folder.path)/aside")
        let other = try await replacing(in: vault)
        #expect(other.uuid != lost.uuid)
        try await other.seal(minute: 2)
        try await other.close()
        let entry = try #require(try await vault.entry(named: "orders"))
        #expect(entry.uuid == other.uuid && entry.folder != lost.folder)

        // Beside the other one it is named, and left as it is.
        try move("\(folder.path)/aside", to: old)
        let told = try await Vault.rebuild(at: folder.path, now: start)
        #expect(told.wasSound && told.found.isEmpty && told.left.map(\.folder) == [lost.folder], "\(told)")
        #expect(try await vault.entry(named: "orders")?.uuid == other.uuid)

        try move("\(folder.path)/\(entry.folder)", to: "\(folder.path)/aside")
        let back = try await replacing(in: vault)
        #expect(back.uuid == lost.uuid)
        #expect(try await back.moments().map(\.number) == [1])
        try await back.close()
        #expect(try await vault.catalogue.problems().isEmpty)
        #expect(try folders(folder).count == 1)
    }

    @Test("One that is given up makes room for another, and is taken in again where there is none")
    func isGivenUp() async throws {
        let folder = TemporaryVault()
        let old = try await backup(in: folder)
        let there = await #expect(throws: VaultError.self) {
            _ = try await Vault.rebuild(at: folder.path, forgetting: "orders", now: start)
        }
        #expect(there?.code == .refused)
        try move(old, to: "\(folder.path)/aside")
        let unknown = await #expect(throws: VaultError.self) {
            _ = try await Vault.rebuild(at: folder.path, forgetting: "order", now: start)
        }
        #expect(unknown?.code == .unknownDatabase)
        _ = try await Vault.rebuild(at: folder.path, forgetting: "orders", now: start)
        let vault = try await opened(folder)
        #expect(try await vault.entries().isEmpty)
        #expect(try await vault.catalogue.problems().isEmpty)

        try move("\(folder.path)/aside", to: old)
        #expect(try await Vault.rebuild(at: folder.path, now: start).found == ["orders"])
        try move(old, to: "\(folder.path)/aside")
        _ = try await Vault.rebuild(at: folder.path, forgetting: "orders", now: start)
        try await folder.database().close()
        #expect(try folders(folder).count == 1)
    }

    @Test("An older copy of it is not taken for it")
    func olderCopy() async throws {
        let folder = TemporaryVault()
        let old = try await backup(in: folder)
        try FileManager.default.copyItem(atPath: old, toPath: "\(folder.path)/copy")
        let database = try await folder.database()
        try await database.seal(minute: 2)
        try await database.close()
        try FileManager.default.removeItem(atPath: old)
        try move("\(folder.path)/copy", to: "\(old).copy")
        let vault = try await opened(folder)
        let error = await #expect(throws: VaultError.self) { _ = try await replacing(in: vault) }
        #expect(error?.next.contains("vault rebuild --accept-older") == true)
    }

    @Test("A file that is there and is none any more is never replaced")
    func unreadableFile() async throws {
        let folder = TemporaryVault()
        let old = try await backup(in: folder)
        let path = "\(old)/database.sqlite"
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.write(contentsOf: Data(repeating: 0xa5, count: 100))
        try file.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let vault = try await opened(folder)
        let error = await #expect(throws: VaultError.self) { _ = try await replacing(in: vault) }
        #expect(error?.code == .damaged && error?.next.contains("out of the vault") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(try folders(folder).count == 1)

        try move(old, to: "\(folder.path)/aside")
        try await replacing(in: vault).close()
        #expect(try folders(folder).count == 1)
    }
}
