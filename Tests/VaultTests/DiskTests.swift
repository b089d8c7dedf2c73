import CouchDB
import Foundation
import Replication
import Testing

@testable import Vault

#if os(Linux)
/// A small disk in memory, where this process may mount one.
private final class SmallDisk {
    let path: String

    init?(megabytes: Int) {
        path = "\(NSTemporaryDirectory())/disk-\(UUID().uuidString)"
        guard mkdir(path, 0o700) == 0, mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            rmdir(path)
            return nil
        }
    }

    /// Takes up to ten seconds: a file is closed by the thread that lets go of it last, which may be behind its value's end.
    func makeReadOnly() async -> Bool {
        let began = ContinuousClock.now
        while mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) != 0 {
            guard errno == EBUSY, began.duration(to: .now) < .seconds(10) else { return false }
            await Task.yield()
        }
        return true
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    static var isPossible: Bool { SmallDisk(megabytes: 1) != nil }
}

/// Another view of a folder, where nothing can be written.
private final class ReadOnlyView {
    let path: String

    init?(of folder: String) {
        path = "\(NSTemporaryDirectory())/view-\(UUID().uuidString)"
        guard mkdir(path, 0o700) == 0, mount(folder, path, nil, UInt(MS_BIND), nil) == 0,
            mount(nil, path, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil) == 0
        else {
            umount2(path, Int32(MNT_DETACH))
            rmdir(path)
            return nil
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
}

@Suite("Disks that are full or can't be written to", .enabled(if: SmallDisk.isPossible))
struct DiskTests {
    private static func revision(_ number: Int, attachment: Int = 0) throws -> Revision {
        var random = SeededGenerator(seed: UInt64(number))
        let text = (0..<400).map { _ in String(random.next(), radix: 36) }.joined(separator: " ")
        let bytes = Data((0..<attachment).map { _ in UInt8.random(in: 0...255, using: &random) })
        return try DocumentModel.revision(
            DocumentID("doc \(number)"), members: #""text":"\#(text)""#,
            attachments: attachment > 0 ? [("file", bytes)] : [])
    }

    @Test(
        "A full disk is a clear error; what was acknowledged stays, and it goes on where room was made",
        arguments: [0, 200_000])
    func full(attachment: Int) async throws {
        let disk = try #require(SmallDisk(megabytes: 6))
        let database = try await TemporaryVault.database(in: "\(disk.path)/vault")
        var stored: [Revision] = []
        var failure: VaultError?
        for start in stride(from: 0, to: 4_000, by: 20) where failure == nil {
            let batch = try (start..<start + 20).map {
                try Self.revision($0, attachment: $0 % 20 == 0 ? attachment : 0)
            }
            do {
                _ = try await database.store(batch, checkpoint: KillTests.checkpoint(start + 20))
                stored += batch
            } catch let error as VaultError {
                failure = error
            }
        }
        #expect(failure?.code == .full)
        #expect(!stored.isEmpty)
        #expect(try await database.checkpoint("c")?.number == stored.count)
        let expected = Set(stored.map { LeafPicture($0, path: $0.path) })
        #expect(Set(try await database.contents().map { LeafPicture($0, path: $0.path) }) == expected)
        #expect(try await database.check(readData: true).problems == [])

        #expect(mount("tmpfs", disk.path, "tmpfs", UInt(MS_REMOUNT), "size=32m") == 0)
        let next = try Self.revision(stored.count)
        _ = try await database.store([next], checkpoint: KillTests.checkpoint(9_999))
        try await database.seal(minute: 1)
        #expect(try await database.contents().count == stored.count + 1)
        #expect(try await database.check(readData: true).problems == [])
        try await database.close()
    }

    /// A disk can only be made read-only where nobody has a file open for writing: the vault's values end here.
    private static func write(in path: String) async throws -> Moment {
        let database = try await TemporaryVault.database(in: path)
        _ = try await database.store([try revision(1, attachment: 100_000)], checkpoint: nil)
        let moment = try await database.seal(minute: 1)
        try await database.close()
        return moment
    }

    @Test("A vault on a full disk is read and checked, and says what writing to it lacks", arguments: [false, true])
    func readsWhereFull(isEncrypted: Bool) async throws {
        let disk = try #require(SmallDisk(megabytes: 6))
        let path = "\(disk.path)/vault"
        let key: KeySource? = isEncrypted ? .key(try VaultKey.make(isWriteOnly: false)) : nil
        let revision = try Self.revision(1, attachment: 100_000)
        var database = try await TemporaryVault.database(in: path, key: key)
        _ = try await database.store([revision], checkpoint: nil)
        let moment = try await database.seal(minute: 1)
        try await database.close()
        let filler = open("\(disk.path)/filler", O_CREAT | O_WRONLY, 0o600)
        let (zeros, count) = ([UInt8](repeating: 0, count: 4096), 4096)
        var offset = 0
        while case let written = pwrite(filler, zeros, count, off_t(offset)), written > 0 { offset += written }
        close(filler)

        database = try await TemporaryVault.database(in: path, isWriting: false, key: key)
        #expect(try await database.at(moment).contents().map(\.document) == [revision.document])
        #expect(try await database.check(readData: true).problems == [])
        try await database.close()
        let error = await #expect(throws: VaultError.self) {
            try await TemporaryVault.database(in: path, key: key)
        }
        #expect(error?.code == .full, "\(String(describing: error))")
        unlink("\(disk.path)/filler")
        database = try await TemporaryVault.database(in: path, key: key)
        try await database.seal(minute: 2)
        try await database.close()
    }

    @Test("A vault on a read-only disk is read and checked, and not written to")
    func readOnly() async throws {
        let disk = try #require(SmallDisk(megabytes: 8))
        let path = "\(disk.path)/a vault?#%"
        let moment = try await Self.write(in: path)
        try #require(await disk.makeReadOnly())

        let database = try await TemporaryVault.database(in: path, isWriting: false)
        #expect(try await database.at(moment).contents().count == 1)
        #expect(try await database.check(readData: true).problems == [])
        let error = await #expect(throws: VaultError.self) { try await TemporaryVault.database(in: path) }
        #expect(error?.code == .readOnly)
        let other = await #expect(throws: VaultError.self) {
            try await TemporaryVault.database("new", in: path)
        }
        #expect(other?.code == .readOnly)
        try await database.close()
    }

    @Test("A vault in use that may only be read from here is told as that, and never as damaged")
    func readOnlyAndInUse() async throws {
        let folder = TemporaryVault()
        let moment = try await Self.write(in: folder.path)
        let view = try #require(ReadOnlyView(of: folder.path))
        let reader = try await TemporaryVault.database(in: view.path, isWriting: false)
        let past = reader.at(moment)
        let attachment = try #require(try await past.contents().first?.attachments.first)
        #expect(try await attachment.bytes().count == 100_000)
        #expect(try await reader.check(readData: true).problems == [])

        func expectInUse(_ read: () async throws -> Void) async {
            let error = await #expect(throws: VaultError.self) { try await read() }
            #expect(error?.code == .locked, "\(String(describing: error))")
        }
        let writer = try await folder.database()
        _ = try await writer.store([try Self.revision(2)], checkpoint: nil)
        // What was written is in the log, which this reader does not see.
        await expectInUse { _ = try await past.contents() }
        try await writer.seal(minute: 2)
        try await writer.close()
        await expectInUse { _ = try await past.contents() }
        await expectInUse { _ = try await reader.moments() }
        await expectInUse { _ = try await reader.check(readData: true) }
        await expectInUse { try await past.readDocuments(from: nil, descending: false) { _ in true } }
        await expectInUse { _ = try await attachment.bytes() }

        let next = try await TemporaryVault.database(in: view.path, isWriting: false)
        #expect(try await next.contents().count == 2)
        #expect(try await next.check(readData: true).problems == [])
        try await next.close()
        try await reader.close()
    }
}
#endif
