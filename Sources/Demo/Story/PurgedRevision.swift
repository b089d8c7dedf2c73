import CouchDB
import Foundation
import Replication
import Service
import Supervision

/// One leaf revision is lost in the backup: no count and no sequence shows it, only a comparison does.
struct PurgedRevision: Chapter {
    let title = "A revision is purged from the backup, and no number shows it"

    private static let order = "order-7"

    func play(_ scene: Scene) async throws {
        let (replication, narrator) = (Scene.orders, scene.narrator)
        narrator.paragraph(
            "\(Self.order) is packed and shipped at the desk, and cancelled on a phone without network: a conflict, two leaf "
                + "revisions. A script that tidies up conflicts on standby purges the one that wins.")
        let shipped = try await makeConflict(scene)
        try await scene.stage.settled(replication)
        try await purge(shipped, scene)
        let (report, comparison) = try await scene.showCouchDB(replication)
        // The changed password may have let this job crash once, which it does not forget.
        try expect(report.isCaughtUp, "CouchDB should report that all is well: \(report.text)")
        try expect(
            comparison.sourceDocuments == comparison.targetDocuments && comparison.missing == 1,
            "one revision should be missing, and no document: \(comparison.text)")
        let before = try await (status(on: scene.stage.source), status(on: scene.stage.target))
        try expect(before == ("shipped", "cancelled"), "\(Self.order) should differ, and is: \(before)")
        narrator.fact("", "\(Self.order) is \(before.0) on production, \(before.1) on standby")
        let check = try await scene.couchkeep.check()
        try expect(
            check.verdict == .ok,
            "no check should see it, and it finds: \(check.pairs.flatMap(\.findings).map(\.summary))")
        narrator.screen("couchkeep check --quiet", ReportText(check, now: Date()).line())
        try await showHole(shipped, scene)
        try await showRepair(scene)
    }

    /// Makes two leaf revisions of one document on the source.
    ///
    /// - Returns: the one that wins, since it has the longer history.
    private func makeConflict(_ scene: Scene) async throws -> String {
        let (source, database) = (scene.stage.source, Scene.orders.database)
        let first = try await source.visit { try await $0.database(database).document(Self.order)?["_rev"]?.string }
        let origin = first.flatMap { RevisionID($0) }
        _ = try await source.change(Self.order, in: database, to: ["status": "packed"])
        let shipped = try await source.change(Self.order, in: database, to: ["status": "shipped"])
        // PouchDB makes up the hashes of its revisions too.
        let phone = UUID().uuidString.lowercased().filter { $0 != "-" }
        try await source.store(
            [
                "_id": .string(Self.order), "status": "cancelled",
                "_revisions": ["start": 2, "ids": .array([.string(phone), .string(origin?.hash ?? "")])],
                "_rev": .string("2-\(phone)"),
            ], in: database)
        return shipped
    }

    private func purge(_ revision: String, _ scene: Scene) async throws {
        let purged = try await scene.stage.target.visit {
            try await $0.database(Scene.orders.database).purge([Self.order: [revision]])
        }
        try expect(purged == [Self.order: [revision]], "standby should have purged \(revision), and purged \(purged)")
    }

    private func status(on server: StageServer) async throws -> String {
        try await server.visit {
            try await $0.database(Scene.orders.database).document(Self.order)?["status"]?.string ?? "without a status"
        }
    }

    /// The verification must find this revision, and no other.
    private func showHole(_ revision: String, _ scene: Scene) async throws {
        let (name, narrator) = (Scene.orders.database, scene.narrator)
        let outcome = try await scene.couchkeep.verify(name)
        let found = outcome.differences.map { "\($0.id) \($0.onlyInSource)" }
        try expect(
            outcome.record.verdict == .different && outcome.differences.count == 1
                && outcome.differences.first?.id.text == Self.order
                && outcome.differences.first?.onlyInSource.map(\.description) == [revision],
            "the verification should find \(revision) of \(Self.order) missing, and found: \(found)")
        narrator.fact(
            "Couchkeep verifies",
            [
                "\(name) is DIFFERENT: \(Wording.documents(outcome.record.counts.equal)) equal, "
                    + "\(outcome.record.counts.different) not",
                "standby lacks revision \(revision) of \(Self.order)",
            ], mark: narrator.style.mark(.problem))
        let light = try await scene.couchkeep.status()?.pairs.first { $0.pair == name }?.lights.verified.state
        try expect(light == .problem, "the light Verified should be red, and it is \(light?.rawValue ?? "not there")")
    }

    private func showRepair(_ scene: Scene) async throws {
        let (name, narrator) = (Scene.orders.database, scene.narrator)
        let repair = try await scene.couchkeep.repair(name)
        try expect(
            repair.copied == 1 && repair.remaining.isEmpty && repair.refusals.isEmpty,
            "the repair should copy one revision: \(repair)")
        let now = try await status(on: scene.stage.target)
        try expect(now == "shipped", "\(Self.order) should be shipped on standby, and is \(now)")
        narrator.fact(
            "Couchkeep repairs",
            "copied \(Wording.revisions(repair.copied)), with its history; \(Self.order) is shipped on standby"
        )
    }
}
