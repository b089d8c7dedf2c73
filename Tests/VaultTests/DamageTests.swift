import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("A check finds every changed bit of content")
struct DamageTests {
    /// A vault with two epochs, several moments, every kind of row and a large attachment.
    ///
    /// - Parameter sizes: how large attachments may be; small ones make a file of which much can be flipped in little time.
    private static func fill(
        _ folder: TemporaryVault, sizes: [Int] = DocumentModel.anySizes, key: KeySource? = nil
    ) async throws {
        let database = try await folder.database(key: key)
        let start = TemporaryVault.start
        _ = try await database.recognise(SourceIdentity(name: "source"), at: start)
        var model = DocumentModel(sizes: sizes)
        var random = SeededGenerator(seed: 99)
        for minute in 0..<3 {
            let batch = try (0..<15).map { _ in try model.step(using: &random) }
            let checkpoint = Checkpoint(
                id: "c", sequence: .zero, sourceIdentity: "x", session: "s", number: minute, time: start)
            _ = try await database.store(batch, checkpoint: checkpoint)
            try await database.store(
                SourceSettings(
                    security: Data("{\"m\":\(minute)}".utf8), localDocuments: ["_local/a": Data("{}".utf8)]))
            try await database.seal(minute: minute)
        }
        try await database.noteMarker("m", moment: 3)
        _ = try await database.recognise(SourceIdentity(name: "source", marker: nil), at: start)
        let batch = try (0..<15).map { _ in try model.step(using: &random) }
        _ = try await database.store(batch, checkpoint: nil)
        try await database.seal(minute: 9)
        try await database.markVerified(4, content: false, at: start)
        try await database.close()
    }

    @Test("A thousand single bits, and five hundred where it is encrypted", arguments: 1...6 as ClosedRange<UInt64>)
    func flips(seed: UInt64) async throws {
        print("seed \(seed)")
        let folder = TemporaryVault()
        // The check has no key.
        let key = seed > 4 ? KeySource.key(try VaultKey.make(isWriteOnly: false)) : nil
        try await Self.fill(folder, sizes: [0, 10, 700], key: key)
        var random = SeededGenerator(seed: seed)
        let path = try folder.file()
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let places = Self.contentPlaces(whole)
        let clean = try await VaultPicture(folder, key: key)
        var (changed, unchanged) = (0, 0)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        while changed < 250 {
            let place = try #require(places.randomElement(using: &random))
            let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
            try handle.seek(toOffset: UInt64(place))
            try handle.write(contentsOf: [whole[place] ^ bit])
            if try await Self.check(folder).contains(where: { !$0.report.isSound }) {
                changed += 1
            } else {
                // Nothing was found: then nothing may have changed.
                unchanged += 1
                let picture = try await VaultPicture(folder, key: key)
                try #require(picture == clean, "byte \(place), bit \(bit) changed content unseen")
            }
            try handle.seek(toOffset: UInt64(place))
            try handle.write(contentsOf: [whole[place]])
        }
        try handle.close()
        print("found \(changed) flips in \(places.count) bytes; \(unchanged) others changed no content")
    }

    /// The places of a file that are not in the empty middle of a page.
    private static func contentPlaces(_ file: Data) -> [Int] {
        let bytes = [UInt8](file)
        let block = 16
        return stride(from: 0, to: bytes.count, by: block).flatMap { start in
            let range = start..<min(start + block, bytes.count)
            return bytes[range].contains { $0 != 0 } ? Array(range) : []
        }
    }

    @Test("Bits of the catalogue and of large attachments")
    func otherFiles() async throws {
        let folder = TemporaryVault()
        try await Self.fill(folder)
        var random = SeededGenerator(seed: 3)
        let objects = "\((try folder.file() as NSString).deletingLastPathComponent)/objects"
        let large = try #require(FileManager.default.subpaths(atPath: objects)?.first { $0.count > 64 })
        for path in ["\(objects)/\(large)", "\(folder.path)/catalogue.sqlite"] {
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            let entries = try await Vault(at: folder.path, create: false, now: TemporaryVault.start).entries()
            for _ in 0..<60 {
                var flipped = whole
                flipped[Int.random(in: 0..<whole.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try flipped.write(to: URL(fileURLWithPath: path))
                let isFound: Bool
                do {
                    isFound = try await Self.check(folder).contains { !$0.report.isSound }
                } catch is VaultError {
                    isFound = true
                }
                if path.hasSuffix("sqlite"), !isFound {
                    let vault = try await Vault(at: folder.path, create: false, now: TemporaryVault.start)
                    #expect(try await vault.entries() == entries)
                } else {
                    #expect(isFound)
                }
            }
            try whole.write(to: URL(fileURLWithPath: path))
        }
    }

    @Test("Two pages exchanged, and a page of an older copy")
    func pages() async throws {
        let folder = TemporaryVault()
        try await Self.fill(folder)
        let path = try folder.file()
        let old = try Data(contentsOf: URL(fileURLWithPath: path))
        let database = try await folder.database()
        // The newest state changes, and no moment is made: the catalogue can't know.
        let feed = try await database.feed()
        let changes = try feed.prefix(20).map { document in
            try DocumentModel.revision(
                document.id, on: RevisionPath(document.revisions[0]), members: #""changed":true"#)
        }
        _ = try await database.store(changes, checkpoint: nil)
        try await database.close()
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let clean = try await VaultPicture(folder)
        let size = 8192
        for page in 1..<(whole.count / size) {
            var damaged = whole
            let range = page * size..<(page + 1) * size
            if range.upperBound <= old.count, old[range] != whole[range] {
                damaged.replaceSubrange(range, with: old[range])
                try await Self.expectFound(damaged, path, folder, clean, "page \(page) of the older copy")
            }
            let other = max(1, (page * 7) % (whole.count / size))
            guard other != page else { continue }
            damaged = whole
            damaged.replaceSubrange(range, with: whole[other * size..<(other + 1) * size])
            damaged.replaceSubrange(other * size..<(other + 1) * size, with: whole[range])
            guard damaged != whole else { continue }
            try await Self.expectFound(damaged, path, folder, clean, "pages \(page) and \(other)")
        }
    }

    private static func expectFound(
        _ damaged: Data, _ path: String, _ folder: TemporaryVault, _ clean: VaultPicture, _ what: String
    ) async throws {
        try damaged.write(to: URL(fileURLWithPath: path))
        guard try await check(folder).allSatisfy(\.report.isSound) else { return }
        #expect(try await VaultPicture(folder) == clean, "\(what)")
    }

    private static func check(_ folder: TemporaryVault) async throws -> [(name: String, report: CheckReport)] {
        let vault = try await Vault(at: folder.path, create: false, now: TemporaryVault.start)
        return try await vault.check(readData: true)
    }
}

/// All that a vault hands out, to compare.
struct VaultPicture: Hashable {
    var moments: [Moment]
    var epochs: [Epoch]
    var contents: [Set<LeafPicture>] = []
    var settings: [SourceSettings] = []
    var checkpoint: Checkpoint?

    init(_ folder: TemporaryVault, key: KeySource? = nil) async throws {
        let database = try await folder.database(isWriting: false, key: key)
        moments = try await database.moments()
        epochs = try await database.epochs()
        checkpoint = try await database.checkpoint("c")
        for view in [database] + moments.map(database.at) {
            contents.append(Set(try await view.contents().map { LeafPicture($0, path: $0.path) }))
            settings.append(try await view.sourceSettings())
        }
        try await database.close()
    }
}
