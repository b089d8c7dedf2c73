import Backup
import CouchDB
import CouchSim
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

/// A restore says what the vault itself has lost, and is never equal where that is so.
@Suite(.timeLimit(.minutes(2))) struct DamagedVaultTests {
    private func files(_ scene: Scene, where isWanted: (URL) -> Bool) throws -> [URL] {
        let files = try #require(FileManager.default.enumerator(at: scene.folder, includingPropertiesForKeys: nil))
        return files.compactMap { $0 as? URL }.filter { isWanted($0) && !$0.hasDirectoryPath }
    }

    /// Rows that are gone are missing on both sides of a comparison with the same rows.
    @Test(arguments: [
        "DELETE FROM leaf WHERE id IN (3, 4, 17)", "UPDATE leaf SET superseded = 1 WHERE id = 9",
        "UPDATE leaf SET added = 7 WHERE id = 9",
    ])
    func missesLostRows(damage: String) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(40)
            let moment = try await scene.backUp().moment
            let file = try #require(try files(scene) { $0.lastPathComponent == "database.sqlite" }.first)
            let database = try DatabaseQueue(path: file.path(percentEncoded: false))
            try await database.write { try $0.execute(sql: damage) }
            try database.close()

            let plan = try await RestoreRun(of: scene.moment(moment), to: scene.beside("new")).plan()
            #expect(plan.loss?.contains("was made of 40 revisions") == true, "\(plan)")
            let report = try await scene.restore(moment, to: scene.beside("new"))
            #expect(report.outcome == .damaged && report.loss == plan.loss, "\(report)")
            #expect(report.comparison.isEqual, "what is left was restored")
            for place in [DrillRun.Place.memory, .server(scene.connection)] {
                let drill = try await DrillRun(.moment(scene.moment(moment)), in: place).run(until: StopRequest())
                #expect(drill.verdict == .different && drill.reason == plan.loss, "\(drill)")
            }
        }
    }

    /// The server is not to blame, and is not asked again and again.
    @Test(arguments: [true, false]) func setsADamagedAttachmentAside(isMissing: Bool) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(10)
            let content = Data(repeating: 7, count: 300_000).base64EncodedString()
            try await scene.source.replicate(
                "attached", [revision(1, "e")],
                #""_attachments":{"big":{"content_type":"image/png","data":"\#(content)"}}"#)
            let moment = try await scene.backUp().moment
            let object = try #require(try files(scene) { $0.pathComponents.contains("objects") }.first)
            if isMissing {
                try FileManager.default.removeItem(at: object)
            } else {
                let file = try FileHandle(forUpdating: object)
                try file.truncate(atOffset: 100_000)
                try file.close()
            }
            let report = try await scene.restore(moment, to: scene.beside("new"))
            #expect(report.outcome == .damaged && report.loss == nil, "\(report)")
            #expect(report.refusals.map(\.id) == ["attached"], "\(report)")
            #expect(report.refusals.first?.reason.contains("attachment “big” can't be read") == true, "\(report)")
            #expect(report.counts.failedCalls == 0)
            #expect(try await scene.beside("new").info().documentCount == 10)
        }
    }
}
