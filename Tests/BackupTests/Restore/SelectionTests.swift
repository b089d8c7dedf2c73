import CouchDB
import CouchSim
import Foundation
import Replication
import Testing
import Vault

@testable import Backup

/// What a restore of some documents does where there is nothing, something unreadable, or another restore.
@Suite struct SelectionTests {
    private static let deep = String(repeating: "[", count: 700) + String(repeating: "]", count: 700)
    /// A number that no floating point number can hold.
    private static let digits = String(repeating: "7", count: 400)

    private static func options(
        exact: Bool, _ selection: RestoreSelection
    ) -> @Sendable (inout RestoreOptions) -> Void {
        { options in
            (options.intoExisting, options.ontoSource, options.isExact) = (true, true, exact)
            options.selection = selection
        }
    }

    @Test func onlyOneDocumentIsChanged() {
        #expect(RestorePlan.changes(1) == "1 document there is not what it was, and is changed")
        #expect(RestorePlan.changes(1200) == "1,200 documents there are not what they were, and are changed")
    }

    // MARK: Documents that came later

    /// They are all that is selected: an exact restore removes them.
    private static func removesWhatCameLater(_ scene: Scene) async throws {
        try await scene.source.write(["order": ["type": "order"]])
        let moment = try await scene.backUp().moment
        let selections: [RestoreSelection] = [
            .documents(["zz1"]), .prefix("zz"), .matching(try MangoSelector(#"{"type": "late"}"#)),
        ]
        for selection in selections {
            try await scene.source.write(["zz1": ["type": "late"]])
            let error = await #expect(throws: RestoreError.self) {
                _ = try await scene.restore(moment, to: scene.source, options(exact: false, selection))
            }
            #expect(error?.code == .nothingSelected, "\(selection)")
            var run = RestoreRun(of: try await scene.moment(moment), to: scene.source)
            options(exact: true, selection)(&run.options)
            let plan = try await run.plan()
            #expect(plan.documents == 0 && plan.differing == 0 && plan.later == 1, "\(selection): \(plan)")
            let report = try await scene.restore(moment, to: scene.source, options(exact: true, selection))
            #expect(report.isEqual && report.edits == 1, "\(selection): \(report)")
            #expect(try await scene.source.document("zz1") == nil, "\(selection)")
        }
        // A tombstone can be looked for by its name, so that a restore that was cut off can be run again.
        for selection in selections.prefix(2) {
            let idle = try await scene.restore(moment, to: scene.source, options(exact: true, selection))
            #expect(idle.isEqual && idle.edits == 0, "\(selection): \(idle)")
        }
        let never: [RestoreSelection] = [
            .documents(["zz1", "none"]), .prefix("none"), .matching(try MangoSelector(#"{"type": "none"}"#)),
        ]
        for selection in never {
            let error = await #expect(throws: RestoreError.self) {
                _ = try await scene.restore(moment, to: scene.source, options(exact: true, selection))
            }
            #expect(error?.code == .nothingSelected, "\(selection)")
        }
        #expect(try await scene.source.document("order") != nil)
    }

    @Test func removesWhatCameLaterAlone() async throws {
        try await withScene { _, scene in try await Self.removesWhatCameLater(scene) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(5)))
    func removesWhatCameLaterAloneFromCouchDB() async throws {
        try await withRealScene { _, scene in try await Self.removesWhatCameLater(scene) }
    }

    // MARK: Another restore

    /// Who names the same documents in another order goes on with the same restore, also with one of an older couchkeep.
    @Test func namesTheSameDocumentsAlike() {
        for ids: [DocumentID] in [["a", "b"], ["b", "a"], ["b", "a", "b"]] {
            #expect(RestoreSelection.documents(ids).name == "documents 7e18f737311b2dc3")
        }
        #expect(RestoreSelection.documents(["a"]).name == "documents ca978112ca1bbdca")
    }

    /// What was begun with a moment that was pruned since can't be run again.
    @Test func saysThatTheMomentOfAnotherRestoreIsGone() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(150)
            let first = try await scene.backUp().moment
            try await scene.source.write(["document-1": ["v": 2]])
            let second = try await scene.backUp().moment
            let target = scene.beside("cut")
            await scene.cutOff(first, to: target, on: server)
            func refusal() async -> RestoreError? {
                await #expect(throws: RestoreError.self) { _ = try await scene.restore(second, to: target) }
            }
            let before = await refusal()
            #expect(before?.code == .otherRestore && before?.next.contains("--at '#1'") == true)
            try await scene.damage("DELETE FROM moment WHERE id = 1")
            let error = await refusal()
            #expect(error?.code == .otherRestore && error?.what.contains("not in the vault any more") == true)
            #expect(error?.next.contains("--at") == false && error?.next.contains("--into-existing") == true)
            let report = try await scene.restore(second, to: target, Self.options(exact: false, .all))
            #expect(report.isEqual, "\(report)")
        }
    }

    /// A restore of some documents between two runs of another one, which goes on as if it had not been.
    @Test(arguments: [RestoreSelection.documents(["document-1"]), .prefix("document-4")])
    func keepsTheMarkOfAnotherRestore(selection: RestoreSelection) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(150)
            let before = try await scene.picture()
            let moment = try await scene.backUp().moment
            let target = scene.beside("cut")
            await scene.cutOff(moment, to: target, on: server)
            let mark = try #require(try await RestoreMark.read(target))
            for exact in [false, true] {
                let some = try await scene.restore(moment, to: target, Self.options(exact: exact, selection))
                #expect(some.isEqual, "\(some)")
                #expect(try await RestoreMark.read(target) == mark)
            }
            let report = try await scene.restore(moment, to: target)
            #expect(report.plan.target == .begun && report.isEqual, "\(report)")
            #expect(try await scene.picture(of: target) == before)
            #expect(try await target.localDocuments(limit: 100).filter { $0.id.contains("couchkeep-restore") } == [])
        }
    }

    /// The same documents as of another moment take the place of those that were begun: nobody is to go on with them.
    @Test func replacesTheMarkOfTheSameDocuments() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(150)
            let first = try await scene.backUp().moment
            try await scene.source.write(["document-1": ["v": 2]])
            let second = try await scene.backUp().moment
            let target = scene.beside("cut")
            try await target.create()
            try await target.write(["mine": ["v": 1]])
            let change = Self.options(exact: false, .prefix("document-"))
            await scene.cutOff(first, to: target, on: server, change)
            #expect(try await RestoreMark.read(target)?.moment == first.number)
            #expect(try await scene.restore(second, to: target, change).isEqual)
            #expect(try await RestoreMark.read(target) == nil)
            #expect(try await target.document("document-1")?["v"] == 2)
        }
    }

    /// A restore of everything takes the place of an unfinished one.
    @Test func replacesTheMarkWithARestoreOfEverything() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(150)
            let moment = try await scene.backUp().moment
            let target = scene.beside("cut")
            await scene.cutOff(moment, to: target, on: server)
            #expect(try await scene.restore(moment, to: target, Self.options(exact: false, .all)).isEqual)
            #expect(try await RestoreMark.read(target) == nil)
        }
    }

    // MARK: Documents that can't be read

    /// A selector is asked only of what it names; where that can't be read, the document is set aside.
    private static func setsAside(_ scene: Scene, value: String) async throws {
        try await scene.source.write(["a": ["type": "order", "n": 1], "b": ["type": "bill", "n": 1]])
        try await scene.source.replicate("odd", [revision(1, "a")], #""type":"order","n":\#(value)"#)
        let moment = try await scene.backUp().moment
        func restore(_ selector: String, _ suffix: String) async throws -> RestoreReport {
            let selection = RestoreSelection.matching(try MangoSelector(selector))
            return try await scene.restore(moment, to: scene.beside(suffix)) { $0.selection = selection }
        }
        let orders = try await restore(#"{"type": "order"}"#, "orders")
        #expect(orders.isEqual && orders.comparison.equal == 2, "\(orders)")

        var run = RestoreRun(of: try await scene.moment(moment), to: scene.beside("ones"))
        run.options.selection = .matching(try MangoSelector(#"{"n": 1}"#))
        #expect(try await run.plan().undecided.map(\.id) == ["odd"])
        let ones = try await restore(#"{"n": 1}"#, "ones")
        #expect(ones.outcome == .incomplete && ones.comparison.equal == 2 && ones.comparison.isEqual, "\(ones)")
        #expect(ones.refusals.map(\.id) == ["odd"] && ones.counts.refused == 1)
        #expect(try await scene.beside("ones").document("odd") == nil)

        let error = await #expect(throws: RestoreError.self) { _ = try await restore(#"{"n": 99}"#, "none") }
        let isNamed = error?.what.contains("“odd”") == true
        #expect(error?.code == .nothingSelected && isNamed, "\(String(describing: error))")
        #expect(try await !scene.beside("none").exists())
    }

    @Test func setsAsideWhatASelectorCannotRead() async throws {
        try await withScene { _, scene in try await Self.setsAside(scene, value: Self.digits) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(5)))
    func setsAsideWhatIsNestedTooDeeply() async throws {
        try await withRealScene { _, scene in try await Self.setsAside(scene, value: Self.deep) }
    }

    @Test func asksOnlyOfWhatASelectorNames() throws {
        let document = Data(#"{"_id":"a","type":"order","x":{"y":\#(Self.deep)},"z":1}"#.utf8)
        let cases: [(selector: String, isMatched: Bool?)] = [
            (#"{"type": "order"}"#, true), (#"{"type": "bill"}"#, false), ("{}", true), (#"{"x.y": []}"#, nil),
            (#"{"$or": [{"z": 1}, {"type": "bill"}]}"#, true), (#"{"$not": {"z": 1}}"#, false),
            (#"{"$and": [{"z": 1}, {"x": {"$exists": true}}]}"#, nil), (#"{"none": {"$exists": false}}"#, true),
        ]
        for (selector, isMatched) in cases {
            #expect(try MangoSelector(selector).matches(bytes: document) == isMatched, "\(selector)")
        }
    }
}
