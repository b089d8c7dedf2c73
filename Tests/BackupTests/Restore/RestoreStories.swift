import Backup
import CouchDB
import Foundation
import Replication
import Testing

@testable import Vault

/// What a restore has to do, told on any server.
enum RestoreStories {
    /// Refuses documents that have a field `old`; also to a simulated server, which runs no JavaScript.
    static let refusingOld: JSONValue =
        "function (doc) { // couchsim: forbid-if-field old\n if ('old' in doc) throw({forbidden: 'no old ones'}); }"

    static let all: [(name: String, story: @Sendable (Scene) async throws -> Void)] = [
        ("new", intoANewDatabase), ("refused", refusesATargetThatIsNotEmpty), ("existing", intoAnExistingDatabase),
        ("origin", refusesTheSource), ("jobs", refusesAReplicatorDatabase), ("selection", restoresASelection),
        ("validation", namesWhatATargetRefuses), ("incomplete", refusesAMomentBeforeTheFirst),
        ("modes", takesUpOnlyItsOwnKind), ("own-end", leavesAloneWhatItsOwnEndLeft),
    ]

    // MARK: Into a new database

    static func intoANewDatabase(_ scene: Scene) async throws {
        let source = scene.source
        try await source.setRevisionsLimit(50)
        for value in 0..<5 { try await source.write(["edited": ["v": .integer(Int64(value)), "old": true]]) }
        try await source.write(["deleted": ["v": 1]])
        try await source.write(["deleted": ["_deleted": true]])
        try await source.replicate("conflict", [revision(2, "a"), revision(1, "1")])
        try await source.replicate("conflict", [revision(2, "b"), revision(1, "1")])
        try await source.replicate("conflict", [revision(3, "c"), revision(2, "d")], #""_deleted":true"#)
        try await source.replicate(
            "attached", [revision(1, "e")], #""_attachments":{"a.txt":{"content_type":"image/png","data":"aGVsbG8="}}"#)
        try await source.fill(40)
        // Behind the documents that it would refuse.
        try await source.write(["_design/guard": ["validate_doc_update": refusingOld]])
        let security: JSONValue = [
            "admins": ["names": [], "roles": ["boss"]], "members": ["names": ["ann"], "roles": []],
        ]
        try await source.setSecurity(security)
        _ = try await source.putLocalDocument("settings", members: ["theirs": true])
        let (before, backup) = (try await scene.picture(), try await scene.backUp())

        let target = scene.beside("new")
        let plan = try await RestoreRun(of: scene.moment(backup.moment), to: target).plan()
        #expect(plan.target == .absent && plan.documents == 45 && plan.deleted == 1)
        let extent = try #require(plan.extent)
        #expect(extent.revisions == 47 && extent.conflicts == 1 && extent.attachmentBytes == 5, "\(extent)")
        #expect(try await !target.exists(), "a plan changes nothing")

        let report = try await scene.restore(backup.moment, to: target) { $0.includesLocalDocuments = true }
        #expect(report.isEqual && report.refusals == [] && report.comparison.equal == 45, "\(report)")
        #expect(report.counts.revisionsStored == extent.revisions, "the plan told what came")
        #expect(report.counts.bytesStored == extent.bytes)
        let few = try await RestoreRun(
            of: scene.moment(backup.moment), to: scene.beside("few"),
            options: {
                var options = RestoreOptions()
                options.selection = .documents(["conflict", "attached", "deleted"])
                return options
            }()
        ).plan()
        #expect(few.documents == 3 && few.deleted == 1 && few.extent?.conflicts == 1)
        #expect(few.extent?.revisions == 5 && few.extent?.attachmentBytes == 5)
        let restored = try await scene.picture(of: target)
        let isEqual = try restored.unordered == before.unordered
        #expect(isEqual, "\(restored.difference(from: before))")
        #expect(try await target.revisionsLimit() == 50)
        #expect(try await target.security() == security)
        #expect(try await target.localDocument("settings")?["theirs"] == true)
        #expect(try await target.localDocuments(limit: 100).filter { $0.id.contains("couchkeep") } == [])
        // It is in force there.
        #expect(try await !target.put("late", text: #"{"old": 1}"#))
    }

    static func refusesATargetThatIsNotEmpty(_ scene: Scene) async throws {
        try await scene.source.fill(5)
        let backup = try await scene.backUp()
        let target = scene.beside("full")
        try await target.create()
        try await target.write(["mine": ["v": 1]])
        let (before, security) = (try await scene.picture(of: target), try await target.security())
        let error = await #expect(throws: RestoreError.self) { _ = try await scene.restore(backup.moment, to: target) }
        #expect(error?.code == .targetNotEmpty)
        #expect(try await scene.picture(of: target) == before)
        #expect(try await target.security() == security)
        #expect(try await target.localDocument("couchkeep-restore") == nil)
        // Only deleted documents are documents too.
        try await target.write(["mine": ["_deleted": true]])
        await #expect(throws: RestoreError.self) { _ = try await scene.restore(backup.moment, to: target) }
        let empty = scene.beside("empty")
        try await empty.create()
        let report = try await scene.restore(backup.moment, to: empty)
        #expect(report.plan.target == .empty && report.isEqual)
    }

    // MARK: Into a database that goes on living

    static func intoAnExistingDatabase(_ scene: Scene) async throws {
        let source = scene.source
        try await source.write([
            "changed": ["v": 1], "deleted": ["v": 1], "same": ["v": 1], "purged": ["v": 1], "gone": ["v": 1],
            "resurrected": ["v": 1], "conflicting": ["v": 1],
        ])
        try await source.write(["resurrected": ["_deleted": true], "gone": ["_deleted": true]])
        let backup = try await scene.backUp()
        let target = scene.beside("living")
        #expect(try await scene.restore(backup.moment, to: target).isEqual)
        try await target.setRevisionsLimit(77)
        try await target.write([
            "changed": ["v": 2], "deleted": ["_deleted": true], "new": ["v": 9], "resurrected": ["v": 5],
        ])
        try await target.replicate("conflicting", [revision(5, "f")])
        let purged = try #require(try await target.document("purged")?["_rev"]?.string)
        _ = try await target.purge(["purged": [purged]])

        let plan = try await RestoreRun(of: scene.moment(backup.moment), to: target, options: existing()).plan()
        #expect(plan.target == .existing && plan.differing == 4 && plan.later == 2, "\(plan)")
        let report = try await scene.restore(backup.moment, to: target) { $0.intoExisting = true }
        #expect(report.isEqual && report.edits == 3, "\(report)")
        #expect(report.comparison.equal == 6 && report.kept == 1, "what came later was not there at the moment")
        #expect(report.otherSettings == ["_revs_limit"])
        let done = try await RestoreRun(of: scene.moment(backup.moment), to: target, options: existing()).plan()
        #expect(done.differing == 0 && done.later == 3, "the conflict came later too: \(done)")
        for id in ["changed", "deleted", "same", "purged", "conflicting"] {
            #expect(try await target.document(id)?["v"] == 1, "\(id)")
        }
        #expect(try await target.document("new")?["v"] == 9)
        #expect(try await target.document("resurrected")?["v"] == 5)
        #expect(try await target.revisionsLimit() == 77, "an existing database keeps its settings")
        let again = try await scene.restore(backup.moment, to: target) { $0.intoExisting = true }
        #expect(again.isEqual && again.edits == 0 && again.counts.revisionsStored == 0)

        let exact = try await scene.restore(backup.moment, to: target) { ($0.intoExisting, $0.isExact) = (true, true) }
        #expect(exact.isEqual && exact.otherSettings == [], "\(exact)")
        #expect(try await target.revisionsLimit() == 1000)
        for id in ["new", "resurrected", "gone"] { #expect(try await target.document(id) == nil, "\(id)") }
        #expect(try await target.document("changed")?["v"] == 1)
        #expect(try await liveLeaves("conflicting", in: target) == 1)
        let idle = try await scene.restore(backup.moment, to: target) { ($0.intoExisting, $0.isExact) = (true, true) }
        #expect(idle.isEqual && idle.edits == 0)
    }

    private static func existing() -> RestoreOptions {
        var options = RestoreOptions()
        options.intoExisting = true
        return options
    }

    static func liveLeaves(_ id: DocumentID, in database: CouchDatabase) async throws -> Int {
        try await LeafPicture.all(of: CouchReplica(database)).count { $0.id == id && !$0.isDeleted }
    }

    static func refusesTheSource(_ scene: Scene) async throws {
        try await scene.source.write(["a": ["v": 1], "b": ["v": 1]])
        let backup = try await scene.backUp()
        try await scene.source.write(["a": ["v": 2]])
        let before = try await scene.picture()
        let changes: [@Sendable (inout RestoreOptions) -> Void] = [
            { _ in }, { $0.intoExisting = true }, { $0.ontoSource = true },
        ]
        for change in changes {
            let error = await #expect(throws: RestoreError.self) {
                _ = try await scene.restore(backup.moment, to: scene.source, change)
            }
            #expect(error?.code == .targetIsSource)
            #expect(try await scene.picture() == before)
        }
        let report = try await scene.restore(backup.moment, to: scene.source) {
            ($0.intoExisting, $0.ontoSource) = (true, true)
        }
        #expect(report.isEqual && report.edits == 1)
        #expect(try await scene.source.document("a")?["v"] == 1)
        // It goes on being the source.
        let next = try await scene.backUp()
        #expect(next.source == .same && next.replication.counts.revisionsStored == 1)
    }

    static func refusesAReplicatorDatabase(_ scene: Scene) async throws {
        try await scene.source.fill(1)
        let backup = try await scene.backUp()
        for name in ["_replicator", "\(scene.name)/_replicator"] {
            let error = await #expect(throws: RestoreError.self) {
                _ = try await scene.restore(backup.moment, to: scene.connection.database(name)) {
                    $0.intoExisting = true
                }
            }
            #expect(error?.code == .wouldStartJobs)
        }
    }

    // MARK: Selections

    static func restoresASelection(_ scene: Scene) async throws {
        try await scene.source.fill(20)
        try await scene.source.write([
            "order-1": ["type": "order", "v": 1], "order-2": ["type": "order", "v": 2], "ordinary": ["v": 1],
            "_design/orders": ["language": "query"],
        ])
        let backup = try await scene.backUp()
        let selections: [(name: String, selection: RestoreSelection, ids: Set<DocumentID>)] = [
            (
                "documents", .documents(["order-2", "document-7", "_design/orders"]),
                ["order-2", "document-7", "_design/orders"]
            ),
            ("prefix", .prefix("order-"), ["order-1", "order-2"]),
            ("design", .prefix("_design/"), ["_design/orders"]),
            ("selector", .matching(try MangoSelector(#"{"type": "order", "v": {"$gt": 1}}"#)), ["order-2"]),
        ]
        for (name, selection, ids) in selections {
            let report = try await scene.restore(backup.moment, to: scene.beside(name)) { $0.selection = selection }
            #expect(
                report.isEqual && report.plan.documents == ids.count && report.comparison.equal == ids.count, "\(name)")
            #expect(Set(try await scene.picture(of: scene.beside(name)).map(\.id)) == ids, "\(name)")
        }
        for selection: RestoreSelection in [
            .documents(["order-1", "none"]), .prefix("none"), .matching(try MangoSelector(#"{"v": 99}"#)),
        ] {
            let error = await #expect(throws: RestoreError.self) {
                _ = try await scene.restore(backup.moment, to: scene.beside("none")) { $0.selection = selection }
            }
            #expect(error?.code == .nothingSelected)
        }
        #expect(try await !scene.beside("none").exists())
        // One document alone, exactly: what else the target has is not touched.
        let target = scene.beside("prefix")
        try await target.write(["order-1": ["v": 7], "order-3": ["v": 7], "other": ["v": 7]])
        let report = try await scene.restore(backup.moment, to: target) {
            ($0.selection, $0.intoExisting, $0.isExact) = (.prefix("order-"), true, true)
        }
        #expect(report.isEqual)
        #expect(try await target.document("order-1")?["v"] == 1)
        #expect(try await target.document("order-3") == nil)
        #expect(try await target.document("other")?["v"] == 7)
    }

    // MARK: Ends that are not good

    static func namesWhatATargetRefuses(_ scene: Scene) async throws {
        try await scene.source.fill(30)
        try await scene.source.write(["refused": ["old": true], "changed": ["old": true]])
        let backup = try await scene.backUp()
        let target = scene.beside("guarded")
        try await target.create()
        try await target.replicate("changed", [revision(9, "9")], #""v":1"#)
        try await target.write(["_design/guard": ["validate_doc_update": refusingOld]])
        let report = try await scene.restore(backup.moment, to: target) { $0.intoExisting = true }
        #expect(!report.isEqual)
        #expect(Set(report.refusals.map(\.id)) == ["refused", "changed"])
        #expect(report.refusals.allSatisfy { $0.error == "forbidden" })
        #expect(Set(report.differences.map(\.id)) == ["refused", "changed"])
        #expect(report.comparison.different == 2 && report.comparison.equal == 30)
        #expect(try await target.info().documentCount == 32)
        // Without the rule the same restore comes to its end.
        try await target.write(["_design/guard": ["_deleted": true]])
        #expect(try await scene.restore(backup.moment, to: target) { $0.intoExisting = true }.isEqual)
        #expect(try await target.document("changed")?["old"] == true)
    }

    static func refusesAMomentBeforeTheFirst(_ scene: Scene) async throws {
        try await scene.source.fill(1)
        let backup = try await scene.backUp()
        let opened = try await scene.moment(backup.moment)
        let error = await #expect(throws: VaultError.self) { _ = try await opened.at(Scene.start) }
        #expect(error?.code == .unknownMoment)
        #expect("\(String(describing: error))".contains("the first is"))
    }

    /// A restore into a database that goes on living was cut off: one that may only fill a new database must not go on with it.
    static func takesUpOnlyItsOwnKind(_ scene: Scene) async throws {
        try await scene.source.write(["refused": ["old": true]])
        let backup = try await scene.backUp()
        let later = try await scene.backUp()
        let target = scene.beside("begun")
        try await target.create()
        try await target.write(["mine": ["v": 1], "_design/guard": ["validate_doc_update": refusingOld]])
        // Not at its end: something was refused.
        #expect(try await !scene.restore(backup.moment, to: target) { $0.intoExisting = true }.isEqual)
        let (before, security) = (try await scene.picture(of: target), try await target.security())
        for moment in [backup.moment, later.moment] {
            let error = await #expect(throws: RestoreError.self) { _ = try await scene.restore(moment, to: target) }
            #expect(error?.code == .otherRestore)
        }
        #expect(try await scene.picture(of: target) == before)
        #expect(try await target.security() == security)
    }

    /// It ended without all, and the database has gone on living since: running the same again is no restore into a new one.
    static func leavesAloneWhatItsOwnEndLeft(_ scene: Scene) async throws {
        try await scene.source.fill(5)
        let backup = try await scene.backUp()
        try await scene.damage("UPDATE leaf SET hash = hash + 1 WHERE name = CAST('document-2' AS BLOB)")
        let target = scene.beside("lossy")
        #expect(try await scene.restore(backup.moment, to: target).outcome == .damaged)
        try await target.write(["document-1": ["live": true], "later": [:]])
        try await target.setSecurity(document: Data(#"{"admins":{"names":["alice"]}}"#.utf8))
        let (before, security) = (try await scene.picture(of: target), try await target.security())
        let error = await #expect(throws: RestoreError.self) { _ = try await scene.restore(backup.moment, to: target) }
        #expect(
            error?.code == .otherRestore && error?.next.contains("--into-existing") == true
                && error?.next.contains("couchkeep repair vault:") == true,
            "\(String(describing: error))")
        #expect(try await scene.picture(of: target) == before)
        #expect(try await target.security() == security)
    }
}
