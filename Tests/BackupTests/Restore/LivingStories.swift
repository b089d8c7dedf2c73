import Backup
import CouchDB
import Foundation
import Replication
import Testing

/// What a restore into a database that goes on living has to do, told on any server.
enum LivingStories {
    static let all: [(name: String, story: @Sendable (Scene) async throws -> Void)] = [
        ("validation-back", bringsAValidationBackLast), ("validation-later", removesALaterValidationFirst),
        ("forgotten", makesNoConflict), ("lacking", copiesWhatIsOnlyLacking), ("settings", tellsOfSettings),
        ("partitions", tellsOfPartitions), ("kept", tellsOfWhatIsKept), ("selector", removesWhatIsMatchedNow),
        ("ended", forgetsTheMomentOfARunThatEnded),
    ]

    private static let old = Dictionary(
        uniqueKeysWithValues: (1...70).map { ("d\($0)", ["v": 1, "old": true] as [String: JSONValue]) })
    private static let changed = old.mapValues { _ in ["v": 2] as [String: JSONValue] }
    private static let guardian: [String: [String: JSONValue]] = [
        "_design/guard": ["validate_doc_update": RestoreStories.refusingOld]
    ]
    private static let nothing: [String: JSONValue] = ["_deleted": true]

    private static func options(
        exact: Bool = false, _ selection: RestoreSelection = .all
    ) -> @Sendable (inout RestoreOptions) -> Void {
        { options in
            (options.intoExisting, options.ontoSource, options.isExact) = (true, true, exact)
            options.selection = selection
        }
    }

    private static func plan(
        _ scene: Scene, _ report: BackupReport, of target: CouchDatabase, _ change: (inout RestoreOptions) -> Void
    ) async throws -> RestorePlan {
        var options = RestoreOptions()
        change(&options)
        return try await RestoreRun(of: scene.moment(report.moment), to: target, options: options).plan()
    }

    // MARK: Validation functions

    /// The function of the moment allows no edit of what was there before it.
    static func bringsAValidationBackLast(_ scene: Scene) async throws {
        try await scene.source.write(old)
        try await scene.source.write(guardian)
        let backup = try await scene.backUp()
        try await scene.source.write(["_design/guard": nothing])
        try await scene.source.write(changed)
        for exact in [false, true] {
            let report = try await scene.restore(backup.moment, to: scene.source, options(exact: exact))
            #expect(report.isEqual && report.refusals == [], "\(report.refusals.count)")
            #expect(report.edits == (exact ? 0 : 71))
        }
        #expect(try await scene.source.document("d33")?["v"] == 1)
        #expect(try await !scene.source.put("late", text: #"{"old": 1}"#))
    }

    /// A function that came later refuses what was before it.
    static func removesALaterValidationFirst(_ scene: Scene) async throws {
        try await scene.source.write(old)
        let backup = try await scene.backUp()
        try await scene.source.write(changed)
        let gone = try #require(try await scene.source.document("d1")?["_rev"]?.string)
        _ = try await scene.source.purge(["d1": [gone]])
        try await scene.source.write(guardian)
        let report = try await scene.restore(backup.moment, to: scene.source, options(exact: true))
        #expect(report.isEqual && report.refusals == [], "\(report.refusals.count)")
        #expect(try await scene.source.document("_design/guard") == nil)
        #expect(try await scene.source.document("d1")?["old"] == true)
    }

    // MARK: Documents of another history

    /// The target does not know the moment's revisions: they are not put beside what it has.
    static func makesNoConflict(_ scene: Scene) async throws {
        for id in ["changed", "same", "deleted"] { try await scene.source.replicate(id, [revision(1, "a")], #""v":1"#) }
        let backup = try await scene.backUp()
        let target = scene.beside("living")
        try await target.create()
        try await target.replicate("changed", [revision(5, "b")], #""v":2"#)
        try await target.replicate("same", [revision(5, "b")], #""v":1"#)
        try await target.replicate("deleted", [revision(5, "b")], #""_deleted":true"#)
        for exact in [false, true] {
            let foreseen = try await plan(scene, backup, of: target, options(exact: exact))
            #expect(foreseen.differing == (exact ? 0 : 2) && foreseen.later == 0, "\(foreseen)")
            let report = try await scene.restore(backup.moment, to: target, options(exact: exact))
            #expect(report.isEqual && report.edits == foreseen.differing, "\(report)")
            #expect(report.counts.revisionsStored == 0)
            for id in ["changed", "same", "deleted"] {
                #expect(try await target.document(id)?["v"] == 1, "\(id)")
                #expect(try await RestoreStories.liveLeaves(DocumentID(id), in: target) == 1, "\(id)")
            }
        }
    }

    /// What has nothing that the moment had not is given the rest as it was.
    static func copiesWhatIsOnlyLacking(_ scene: Scene) async throws {
        try await scene.source.replicate("conflict", [revision(2, "b"), revision(1, "1")])
        try await scene.source.replicate("conflict", [revision(2, "a"), revision(1, "1")])
        try await scene.source.replicate("behind", [revision(3, "c"), revision(2, "b"), revision(1, "a")], #""v":3"#)
        let backup = try await scene.backUp()
        let target = scene.beside("living")
        try await target.create()
        try await target.replicate("conflict", [revision(2, "a"), revision(1, "1")])
        try await target.replicate("behind", [revision(1, "a")], #""v":1"#)
        let foreseen = try await plan(scene, backup, of: target, options())
        #expect(foreseen.differing == 2 && foreseen.later == 0, "\(foreseen)")
        let report = try await scene.restore(backup.moment, to: target, options())
        #expect(report.isEqual && report.edits == 0 && report.counts.revisionsStored == 2, "\(report)")
        #expect(try await scene.picture(of: target) == scene.picture())
    }

    // MARK: What is told

    static func tellsOfSettings(_ scene: Scene) async throws {
        try await scene.source.fill(3)
        let backup = try await scene.backUp()
        let target = scene.beside("living")
        #expect(try await scene.restore(backup.moment, to: target).isEqual)
        let security: JSONValue = [
            "admins": ["names": [], "roles": ["boss"]], "members": ["names": ["ann"], "roles": []],
        ]
        try await target.setSecurity(security)
        try await target.setRevisionsLimit(77)
        let both = ["_security", "_revs_limit"]
        for selection in [RestoreSelection.documents(["document-1"]), .prefix("document-"), .all] {
            for exact in selection.isAll ? [false] : [false, true] {
                let foreseen = try await plan(scene, backup, of: target, options(exact: exact, selection))
                #expect(foreseen.otherSettings == both && foreseen.restoredSettings == [], "\(foreseen)")
                let report = try await scene.restore(backup.moment, to: target, options(exact: exact, selection))
                #expect(report.isEqual && report.otherSettings == both && report.restoredSettings == [], "\(report)")
                #expect(try await target.revisionsLimit() == 77)
            }
        }
        let foreseen = try await plan(scene, backup, of: target, options(exact: true))
        #expect(foreseen.otherSettings == [] && foreseen.restoredSettings == both, "\(foreseen)")
        #expect(try await target.revisionsLimit() == 77, "a plan changes nothing")
        let report = try await scene.restore(backup.moment, to: target, options(exact: true))
        #expect(report.isEqual && report.otherSettings == [] && report.restoredSettings == both, "\(report)")
        #expect(try await target.revisionsLimit() == 1000)
        #expect(try await target.security() != security)
        let idle = try await scene.restore(backup.moment, to: target, options(exact: true))
        #expect(idle.otherSettings == [] && idle.restoredSettings == [])
    }

    static func tellsOfPartitions(_ scene: Scene) async throws {
        try await scene.source.write(["p:1": ["v": 1]])
        let backup = try await scene.backUp()
        let target = scene.beside("partitioned")
        try await target.create(isPartitioned: true)
        for change in [options(), { _ in }] {
            let error = await #expect(throws: RestoreError.self) {
                _ = try await scene.restore(backup.moment, to: target, change)
            }
            #expect(error?.code == .otherPartitioning && error?.next.contains("not partitioned") == true)
        }
        try await target.write(["p:2": ["v": 1]])
        let report = try await scene.restore(backup.moment, to: target, options(exact: true))
        #expect(report.isEqual && report.otherSettings == ["partitioned"], "\(report)")
    }

    static func tellsOfWhatIsKept(_ scene: Scene) async throws {
        try await scene.source.write(["x": ["v": 1], "y": ["v": 1]])
        try await scene.source.write(["x": nothing])
        let backup = try await scene.backUp()
        try await scene.source.write(["x": ["v": 2]])
        let whole = try await scene.restore(backup.moment, to: scene.source, options())
        #expect(whole.isEqual && whole.kept == 1 && whole.comparison.equal == 1, "\(whole)")
        let named = try await scene.restore(
            backup.moment, to: scene.source, options(exact: false, .documents(["x", "y"])))
        #expect(named.outcome == .different && named.kept == 1 && named.comparison.equal == 1, "\(named)")
        #expect(named.differences.map(\.id) == ["x"])
        let exact = try await scene.restore(
            backup.moment, to: scene.source, options(exact: true, .documents(["x", "y"])))
        #expect(exact.isEqual && exact.kept == 0 && exact.comparison.equal == 2, "\(exact)")
        #expect(try await scene.source.document("x") == nil)
    }

    static func removesWhatIsMatchedNow(_ scene: Scene) async throws {
        try await scene.source.write(["a": ["type": "order"], "b": ["type": "bill"]])
        let backup = try await scene.backUp()
        try await scene.source.write(["later": ["type": "order"], "b": ["type": "order"], "other": ["type": "bill"]])
        let selection = RestoreSelection.matching(try MangoSelector(#"{"type": "order"}"#))
        let foreseen = try await plan(scene, backup, of: scene.source, options(exact: true, selection))
        #expect(foreseen.differing == 1 && foreseen.later == 1, "\(foreseen)")
        let kept = try await scene.restore(backup.moment, to: scene.source, options(exact: false, selection))
        #expect(kept.isEqual && kept.comparison.equal == 1 && kept.edits == 0, "\(kept)")
        let exact = try await scene.restore(backup.moment, to: scene.source, options(exact: true, selection))
        #expect(exact.isEqual && exact.edits == 2, "\(exact)")
        #expect(try await scene.source.document("later") == nil)
        #expect(try await scene.source.document("b")?["type"] == "bill")
        #expect(try await scene.source.document("other")?["type"] == "bill")
    }

    /// One document that is refused keeps no later restore at the old moment.
    static func forgetsTheMomentOfARunThatEnded(_ scene: Scene) async throws {
        try await scene.source.write(["refused": ["old": true], "x": ["v": 1]])
        let first = try await scene.backUp()
        try await scene.source.write(["x": ["v": 2]])
        let second = try await scene.backUp()
        let target = scene.beside("living")
        try await target.create()
        try await target.write(guardian)
        #expect(try await scene.restore(first.moment, to: target, options()).outcome == .incomplete)
        #expect(try await target.localDocument("couchkeep-restore")?["ended"] == true)
        var begun = RestoreOptions()
        options()(&begun)
        let backup = try await scene.moment(second.moment)
        #expect(try await RestoreRun.momentBegun(of: backup, in: target, options: begun) == nil)
        // The same one can still be gone on with.
        #expect(try await scene.restore(first.moment, to: target, options()).plan.target == .existing)
        try await target.write(["_design/guard": nothing])
        #expect(try await scene.restore(second.moment, to: target, options()).isEqual)
        #expect(try await target.localDocument("couchkeep-restore") == nil)
    }
}

extension RestoreSelection {
    fileprivate var isAll: Bool { if case .all = self { true } else { false } }
}
