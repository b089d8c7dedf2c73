import CouchDB
import CouchSim
import Foundation
import Service
import Supervision
import Testing

/// A hole in a backup on real servers: found when a verification is due, named, mended, and proved.
@Suite(.enabled(if: LocalCouchDB.isInstalled, RealServers.whySkipped), .timeLimit(.minutes(5)))
struct VerificationStoryTests {
    @Test func aHoleIsFoundMendedAndProved() async throws {
        try await withRealServers { servers in
            try await withAccident(
                "hole in the backup", database: "orders", servers: servers, documents: 200,
                adjust: { $0.more = "verify: { revisions: 1d }" }
            ) { accident in
                let keeper = accident.keeper
                try await Polling.until("the first verification") {
                    try await keeper.check().report.pairs.first?.lights.verified.state == .ok
                }
                let first = try await keeper.run("verify", "list", "--json")
                #expect(first.exitCode == 0 && first.output.contains("\"schedule\""), "\(first)")

                // As many documents as before, so that no count tells of it.
                try await purge(["document-7", "document-8"], at: accident.target)
                _ = try await accident.target.putDocument("stray-1", members: [:])
                _ = try await accident.target.putDocument("stray-2", members: [:])
                let byHand = try await keeper.run("verify", "orders")
                #expect(byHand.exitCode == 10, "\(byHand)")
                for id in ["document-7", "document-8", "stray-1", "stray-2"] { #expect(byHand.output.contains(id)) }
                #expect(try await keeper.run("verify", "oders").errors.contains("did you mean orders?"))
                let red = try await keeper.status()
                #expect(red.report.pairs.first?.lights.verified.state == .problem)
                #expect(red.finding(BackupDiffers.name)?.summary.contains("document-7") == true, "\(red.details)")

                let dry = try await keeper.run("repair", "orders", "--dry-run")
                #expect(dry.exitCode == 10 && dry.output.contains("document-7"), "\(dry)")
                try await purge(["stray-1", "stray-2"], at: accident.target)

                // Later than the pause behind a verification that found something.
                let mended = try await keeper.checkHere(now: { Date(timeIntervalSinceNow: 3 * 3600) })
                #expect(mended.repairs.contains { $0.action == "copy-missing" && $0.result == .done }, "\(mended)")
                #expect(try await accident.target.info().documentCount == 200)
                #expect(mended.report.pairs.first?.lights.verified.state == .ok, "\(mended.details)")

                func light(after hours: Double) async throws -> Light? {
                    let status = StoredStatus(try ConfigurationFile.load(keeper.file))
                    return try await status.report(
                        now: Date(timeIntervalSinceNow: hours * 3600), maximumAge: .seconds(86_400 * 30))?
                        .report.pairs.first?.lights.verified
                }
                #expect(try await light(after: 20)?.state == .ok)
                #expect(try await light(after: 40)?.state == .unknown)
            }
        }
    }

    private func purge(_ ids: [String], at database: CouchDatabase) async throws {
        var body: [String: JSONValue] = [:]
        for id in ids {
            let document = try #require(try await database.document(id))
            body[id] = .array([try #require(document["_rev"])])
        }
        _ = try await database.server.json(.post, [database.name, "_purge"], body: .object(body))
    }
}
