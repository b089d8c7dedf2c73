import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Vault

/// A damaged backup takes back from a server what is to the last bit what it was given, and nothing else.
@Suite(.timeLimit(.minutes(2))) struct VaultRepairTests {
    private static let body = "UPDATE body SET data = zeroblob(length(data)) WHERE id IN "
    private static func of(_ id: String) -> String {
        "(SELECT coalesce(body, id) FROM leaf WHERE name = CAST('\(id)' AS BLOB))"
    }

    private func attachment(_ byte: UInt8, _ count: Int) -> String {
        let data = Data(repeating: byte, count: count).base64EncodedString()
        return #""_attachments":{"file":{"content_type":"image/png","data":"\#(data)"}}"#
    }

    private func repair(_ scene: Scene, from database: CouchDatabase) async throws -> (VaultRepairReport, CheckReport) {
        try await scene.withBackup { backup in
            (
                try await VaultRepairRun(of: backup, from: CouchReplica(database)).run(),
                try await backup.check(readData: true)
            )
        }
    }

    private func bringsEverythingBack(_ scene: Scene) async throws {
        let source = scene.source
        try await source.fill(60)
        try await source.write(["edited": ["value": 1]])
        try await source.write(["edited": ["value": 2]])
        try await source.replicate("small", [revision(1, "a")], attachment(1, 500))
        try await source.replicate("large", [revision(1, "b")], attachment(2, 300_000))
        try await source.replicate("cut", [revision(1, "c")], attachment(3, 200_000))
        try await source.replicate("conflict", [revision(2, "a"), revision(1, "1")])
        try await source.replicate("conflict", [revision(2, "b"), revision(1, "1")])
        let moment = try await scene.backUp().moment
        try await scene.damage(Self.body + Self.of("document-7"))
        try await scene.damage(Self.body + Self.of("conflict"))
        try await scene.damage("DELETE FROM body WHERE id IN " + Self.of("edited"))
        try await scene.damage("UPDATE attachment SET data = zeroblob(500) WHERE size = 500")
        for object in try scene.objects() {
            let size = try #require(try object.resourceValues(forKeys: [.fileSizeKey]).fileSize)
            if size == 300_000 {
                try FileManager.default.removeItem(at: object)
            } else {
                let file = try FileHandle(forUpdating: object)
                try file.write(contentsOf: Data("x".utf8))
                try file.close()
            }
        }
        let (report, check) = try await repair(scene, from: source)
        #expect(
            Set(report.damaged.map(\.id)) == ["document-7", "conflict", "edited", "small", "large", "cut"], "\(report)")
        #expect(report.damaged.count == 7 && report.mended == 7 && report.left.isEmpty, "\(report)")
        #expect(check.isSound, "\(check)")
        #expect(try await scene.restore(moment, to: scene.beside("restored")).isEqual)
        let (again, _) = try await repair(scene, from: source)
        #expect(again.damaged.isEmpty)
        // A row that proves nothing any more keeps no other from coming back.
        try await scene.damage("UPDATE leaf SET digest = zeroblob(16) WHERE name = CAST('document-8' AS BLOB)")
        try await scene.damage(Self.body + Self.of("document-9"))
        let (beside, rest) = try await repair(scene, from: source)
        #expect(beside.damaged.map(\.id) == ["document-9"] && beside.mended == 1, "\(beside)")
        #expect(!rest.isSound && rest.problems.allSatisfy { !$0.what.contains("document-9") }, "\(rest)")
    }

    @Test func bringsEverythingBack() async throws {
        try await withScene { _, scene in try await bringsEverythingBack(scene) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped)) func bringsEverythingBackFromCouchDB() async throws {
        try await withRealScene { _, scene in try await bringsEverythingBack(scene) }
    }

    @Test func takesNothingElse() async throws {
        try await withScene { _, scene in
            let source = scene.source
            try await source.fill(3)
            try await source.replicate("other", [revision(1, "a")], #""value":1"#)
            try await source.write(["edited": ["value": 1]])
            let first = try await scene.backUp().moment
            try await source.write(["edited": ["value": 2]])
            try await scene.backUp()
            for id in ["document-1", "document-2", "other"] { try await scene.damage(Self.body + Self.of(id)) }
            // Of the first moment alone: what is current is whole.
            try await scene.damage(
                Self.body + "(SELECT coalesce(body, id) FROM leaf WHERE name = CAST('edited' AS BLOB) AND added = 1)")
            let copy = scene.beside("copy")
            try await copy.create()
            try await copy.fill(1)
            // The same revision with another content, as new_edits=false allows it.
            try await copy.replicate("other", [revision(1, "a")], #""value":2"#)
            try await copy.replicate("edited", [revision(1, "d")], #""value":1"#)
            let before = try await scene.withBackup { try await $0.check(readData: true) }

            let (report, check) = try await repair(scene, from: copy)
            #expect(report.damaged.count == 4 && report.mended == 1, "\(report)")
            let reasons = Dictionary(report.left.map { ($0.revision.id, $0.reason) }) { first, _ in first }
            #expect(reasons.keys.sorted() == ["document-2", "edited", "other"], "\(report)")
            #expect(reasons["other"]?.contains("not what was stored") == true, "\(report)")
            #expect(check.problemCount == before.problemCount - 1, "\(check)")
            // What is not the same leaves what is there.
            let (rest, sound) = try await repair(scene, from: source)
            #expect(rest.mended == 2 && rest.left.map(\.revision.id) == ["edited"], "\(rest)")
            #expect(rest.left.first?.reason.contains("no leaf any more") == true, "\(rest)")
            #expect(sound.problemCount == 1)
            #expect(try await scene.restore(first, to: scene.beside("first")).refusals.map(\.id) == ["edited"])
        }
    }

    /// What several revisions share comes back with any of them, and what is left is what is damaged.
    @Test func aSharedAttachmentComesBackForAll() async throws {
        try await withScene { _, scene in
            try await scene.source.replicate("film", [revision(1, "a")], attachment(1, 200_000))
            try await scene.backUp()
            let bytes = Data(repeating: 1, count: 200_000).base64EncodedString()
            _ = try await scene.source.write([
                "film": [
                    "seen": true, "_attachments": ["file": ["content_type": "image/png", "data": .string(bytes)]],
                ]
            ])
            try await scene.backUp()
            try FileManager.default.removeItem(at: #require(try scene.objects().first))
            let (report, check) = try await repair(scene, from: scene.source)
            #expect(report.damaged.count == 2 && report.mended == 2 && report.left.isEmpty, "\(report)")
            #expect(check.isSound, "\(check)")
        }
    }

    /// A source that is read anew heals what it still has.
    @Test func anotherEpochTakesNothingDamagedOver() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(5)
            try await scene.source.replicate("small", [revision(1, "a")], attachment(1, 500))
            try await scene.source.replicate("large", [revision(1, "b")], attachment(2, 300_000))
            let snapshot = try server.snapshot(of: "source")
            try await scene.backUp()
            try await scene.source.write(["later": ["v": 1]])
            try await scene.backUp()
            try await scene.damage(Self.body + Self.of("document-3"))
            try await scene.damage("UPDATE attachment SET data = zeroblob(500) WHERE size = 500")
            try FileManager.default.removeItem(at: #require(try scene.objects().first))
            try server.rollback(to: snapshot)
            let report = try await scene.backUp()
            #expect(report.source != .same, "\(report.source)")
            #expect(try await scene.restore(report.moment, to: scene.beside("restored")).isEqual)
            let damaged = try await scene.withBackup { try await $0.damagedRevisions() }
            #expect(damaged.map(\.id) == ["document-3"], "only of the older moment: \(damaged)")
        }
    }

    /// A sum that is wrong for ever would hide every later damage.
    @Test func aWrongSumIsToldOnce() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(3)
            try await scene.backUp()
            try await scene.damage("UPDATE tally SET sum = sum + 256 WHERE id = 'moment'")
            let (report, check) = try await repair(scene, from: scene.source)
            #expect(report.settled.count == 1 && report.damaged.isEmpty && report.setAside == nil, "\(report)")
            #expect(check.isSound, "\(check)")
            let (again, _) = try await repair(scene, from: scene.source)
            #expect(!again.hasSettled)
        }
    }

    @Test func anEncryptedBackupIsNotTouched() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(3)
            let key = try VaultKey.make(isWriteOnly: false)
            let vault = try await Vault(
                at: scene.folder.path(percentEncoded: false), create: true, now: Scene.start, key: .key(key))
            try await vault.withDatabase("source", isWriting: true, create: true, now: Scene.start) { backup in
                let error = await #expect(throws: VaultError.self) {
                    try await VaultRepairRun(of: backup, from: CouchReplica(scene.source)).run()
                }
                #expect(error?.code == .refused && error?.what.contains("encrypted") == true)
                // But for what needs no content.
                try await scene.damage("UPDATE tally SET sum = sum + 256 WHERE id = 'epoch'")
                let report = try await VaultRepairRun(of: backup, from: CouchReplica(scene.source)).run()
                #expect(report.settled.count == 1, "\(report)")
            }
        }
    }
}
