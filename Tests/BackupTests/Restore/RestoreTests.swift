import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@Suite struct RestoreTests {
    private static let stories = RestoreStories.all + LivingStories.all

    @Test(arguments: stories.map(\.name)) func restoresToASimulatedServer(name: String) async throws {
        let story = try #require(Self.stories.first { $0.name == name }).story
        try await withScene { _, scene in try await story(scene) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(10)))
    func restoresToCouchDB() async throws {
        try await withRealScene { _, scene in
            for (name, story) in Self.stories {
                let scene = scene.with(source: name)
                try await scene.source.create()
                do {
                    try await story(scene)
                } catch {
                    Issue.record(error, "the story “\(name)”")
                }
            }
        }
    }

    /// CouchDB lets nobody write the security object of its accounts.
    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(5)))
    func restoresAccountsToCouchDB() async throws {
        try await withRealScene { _, scene in
            let scene = scene.with(source: "_users")
            let accounts = scene.source
            _ = try await accounts.putDocument(
                "org.couchdb.user:ann",
                members: ["name": "ann", "type": "user", "roles": [], "password": "a long sentence"])
            let before = try await scene.picture()
            let moment = try await scene.backUp().moment
            try await accounts.delete()
            let report = try await scene.restore(moment, to: accounts)
            #expect(report.isEqual, "\(report.differences) \(report.refusals)")
            // CouchDB adds its design document whenever it comes to it.
            #expect(try await scene.picture().filter { !$0.id.isDesign } == before.filter { !$0.id.isDesign })
        }
    }

    /// Functions that compare with what was there before are shown the tombstone, where a revision is stored on top of it.
    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(5)), arguments: [false, true])
    func bringsBackWhatMayNotChangeItsName(isExact: Bool) async throws {
        try await withRealScene { _, scene in
            let change: (inout RestoreOptions) -> Void = { options in
                (options.intoExisting, options.ontoSource, options.isExact) = (true, true, isExact)
            }
            let accounts = scene.with(source: "_users")
            let ids = ["ann", "bob"].map { "org.couchdb.user:\($0)" }
            for (id, name) in zip(ids, ["ann", "bob"]) {
                _ = try await accounts.source.putDocument(
                    id,
                    members: ["name": .string(name), "type": "user", "roles": [], "password": "a long sentence"])
            }
            let moment = try await accounts.backUp().moment
            let before = try #require(try await accounts.source.document(ids[0]))
            for id in ids { try await accounts.source.write([id: ["_deleted": true]]) }
            let report = try await accounts.restore(moment, to: accounts.source, change)
            #expect(report.isEqual && report.refusals == [] && report.edits == 2, "\(report)")
            let after = try #require(try await accounts.source.document(ids[0]))
            for key in ["name", "derived_key", "salt"] { #expect(after[key] == before[key]) }

            let scene = scene.with(source: "named")
            try await scene.source.create()
            let text = """
                function (doc, old) {
                  if (old && !doc._deleted && old.name !== doc.name) throw({forbidden: 'no other name'});
                }
                """
            try await scene.source.write(["_design/guard": ["validate_doc_update": .string(text)]])
            let attached = #"{"name": "b", "_attachments": {"x": {"content_type": "text/plain", "data": "aGVsbG8="}}}"#
            for (id, text) in ["plain": #"{"name": "a", "n": 1.0}"#, "attached": attached] {
                #expect(try await scene.source.put(id, text: text))
            }
            let named = try await scene.backUp().moment
            for id in ["plain", "attached"] { try await scene.source.write([id: ["_deleted": true]]) }
            let again = try await scene.restore(named, to: scene.source, change)
            #expect(again.isEqual && again.refusals == [], "\(again)")
            #expect(try await scene.source.document("attached")?["_attachments"]?["x"]?["length"] == 5)
        }
    }

    /// Each try is cut off by the target at another place; the last one completes it.
    @Test func goesOnWhereItWasCutOff() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(150)
            for number in 0..<10 {
                try await scene.source.replicate(
                    "attached-\(number)", [revision(1, "e")],
                    #""_attachments":{"a":{"content_type":"image/png","data":"aGVsbG8="}}"#)
            }
            try await scene.source.write(["_design/x": ["language": "query"], "document-3": ["v": 3]])
            let before = try await scene.picture()
            let first = try await scene.backUp()
            try await scene.source.write(["document-4": ["v": 3]])
            let second = try await scene.backUp()
            let target = scene.beside("target")
            for place in ["_bulk_docs", "_security", "_changes"] {
                await #expect(throws: ReplicationFailure.self, "\(place)") {
                    // The first changes feed is the one that the comparison reads.
                    let passing = place == "_bulk_docs" ? 7 : 0
                    server.faults.add(
                        Fault(.hangUp, pathContains: place, database: target.name, after: passing))
                    _ = try await scene.restore(first.moment, to: target)
                }
                server.faults.removeAll()
                let stored = try await target.info().documentCount
                #expect(place == "_bulk_docs" ? (1..<162).contains(stored) : stored > 150)
                let other = await #expect(throws: RestoreError.self) {
                    _ = try await scene.restore(second.moment, to: target)
                }
                #expect(other?.code == .otherRestore && other?.next.contains("--at '#1'") == true)
                let backup = try await scene.moment(second.moment)
                #expect(try await RestoreRun.momentBegun(of: backup, in: target, options: Self.options) == 1)
                var few = Self.options
                few.selection = .prefix("document-1")
                #expect(try await RestoreRun.momentBegun(of: backup, in: target, options: few) == nil)
            }
            let report = try await scene.restore(first.moment, to: target)
            #expect(report.plan.target == .begun)
            #expect(report.isEqual)
            #expect(try await scene.picture(of: target).unordered == before.unordered)
            #expect(try await target.localDocument("couchkeep-restore") == nil)
        }
    }

    /// Also where documents of the target might be changed: it had none when the restore began.
    @Test(arguments: [false, true], [false, true]) func goesOnAsIntoANewDatabase(isThere: Bool, hasOldMark: Bool)
        async throws
    {
        try await withScene { server, scene in
            try await scene.source.fill(150)
            let security: JSONValue = [
                "admins": ["names": [], "roles": ["boss"]], "members": ["names": ["ann"], "roles": []],
            ]
            try await scene.source.setSecurity(security)
            let moment = try await scene.backUp().moment
            let target = scene.beside("target")
            if isThere { try await target.create() }
            await scene.cutOff(moment, to: target, on: server) { $0.intoExisting = true }
            if hasOldMark {
                let mark = try #require(try await target.localDocument("couchkeep-restore"))
                var members: [String: JSONValue] = [:]
                for name in ["_rev", "backup", "moment", "selection", "into_existing", "ended"] {
                    members[name] = mark[name]
                }
                _ = try await target.putLocalDocument("couchkeep-restore", members: members)
            }
            let report = try await scene.restore(moment, to: target) { $0.intoExisting = true }
            #expect(report.isEqual && report.plan.target == .existing, "\(report)")
            #expect(report.otherSettings == (hasOldMark ? ["_security"] : []), "\(report)")
            if !hasOldMark { #expect(try await target.security() == security) }
            #expect(try await target.localDocument("couchkeep-restore") == nil)
        }
    }

    /// Every call is made again, also one that was carried out without an answer.
    /// Unless it is configured otherwise, CouchDB lets nobody change who may read accounts.
    @Test func tellsThatCouchDBKeepsItsOwnSecurityOfAccounts() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            try await scene.source.setSecurity(["members": ["names": ["ann"], "roles": []]])
            let moment = try await scene.backUp().moment
            let target = scene.connection.database("copy/_users")
            server.faults.add(
                Fault(
                    .failure(status: 403, error: "forbidden", reason: "You can't edit the security object"),
                    method: "PUT", pathContains: "/_security"))
            let report = try await scene.restore(moment, to: target)
            #expect(report.isEqual && report.keptSettings == ["_security"], "\(report)")
            #expect(report.otherSettings == ["_security"] && report.settingFailures.isEmpty)
            let exact = try await scene.restore(moment, to: target) { ($0.intoExisting, $0.isExact) = (true, true) }
            #expect(exact.isEqual && exact.keptSettings == ["_security"] && exact.restoredSettings == [], "\(exact)")
        }
    }

    @Test(arguments: [
        Fault.Effect.cut(afterBytes: 0), .failure(status: 503, error: "service_unavailable", reason: "nodes are down"),
    ])
    func makesCallsAgain(effect: Fault.Effect) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(20)
            try await scene.source.setRevisionsLimit(50)
            try await scene.source.setSecurity(["members": ["names": ["bob"], "roles": []]])
            let before = try await scene.picture()
            let moment = try await scene.backUp().moment
            let target = scene.beside("target")
            let places: [(String, String)] = [
                ("PUT", ""), ("PUT", "/_revs_limit"), ("PUT", "/_local/"), ("PUT", "/_security"),
                ("DELETE", "/_local/"),
            ]
            let faults = places.map { method, path in
                server.faults.add(Fault(effect, method: method, pathPrefix: "/\(target.name)\(path)", count: 1))
            }
            let report = try await scene.restore(moment, to: target)
            #expect(report.isEqual && report.plan.target == .absent)
            for (fault, place) in zip(faults, places) { #expect(server.faults.strikes(of: fault) > 0, "\(place)") }
            #expect(try await target.revisionsLimit() == 50)
            #expect(try await scene.picture(of: target).unordered == before.unordered)

            try await scene.source.write(["document-3": ["v": 8]])
            let fault = server.faults.add(Fault(effect, method: "POST", pathPrefix: "/source/_bulk_docs", count: 2))
            let back = try await scene.restore(moment, to: scene.source) { options in
                (options.intoExisting, options.ontoSource) = (true, true)
            }
            #expect(back.isEqual && back.edits == 1 && server.faults.strikes(of: fault) == 2)
        }
    }

    /// Before 3.0 a power cut may take back what was acknowledged within the last second.
    @Test(arguments: [ServerVersion(1, 6), ServerVersion(2, 3), ServerVersion(3, 5)])
    func isDoneWhenNoPowerCutTakesAnythingBack(version: ServerVersion) async throws {
        try await withScene(version) { server, scene in
            try await scene.source.fill(25)
            let moment = try await scene.backUp().moment
            server.requests.reset()
            let report = try await scene.restore(moment, to: scene.beside("target")) {
                $0.selection = .documents(["document-1", "document-2"])
            }
            #expect(report.isEqual)
            let isOld = version < ServerVersion(3, 0)
            #expect(server.requests.counted["POST /{db}/_ensure_full_commit"] == (isOld ? 1 : nil))
            guard isOld else { return }
            server.faults.add(Fault(Fault.serverError, pathContains: "_ensure_full_commit"))
            await #expect(throws: ReplicationFailure.self) {
                _ = try await scene.restore(moment, to: scene.beside("other")) {
                    $0.selection = .documents(["document-1"])
                }
            }
        }
    }

    private static var options: RestoreOptions {
        var options = RestoreOptions()
        options.replication = .test
        return options
    }

    /// What somebody else does to the target meanwhile is found by the comparison.
    @Test func comparesWithWhatIsThere() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(30)
            let backup = try await scene.backUp()
            let target = scene.beside("target")
            var run = RestoreRun(of: try await scene.moment(backup.moment), to: target, options: Self.options)
            run.onProgress = { progress in
                guard progress.counts.revisionsStored == 30 else { return }
                // Errors would show as missing differences.
                _ = try? server.put("extra", in: target.name)
                _ = try? server.put("document-1", ["v": 9], in: target.name)
            }
            let report = try await run.run()
            #expect(!report.isEqual && report.refusals == [])
            #expect(Set(report.differences.map(\.kind)) == [.extra, .otherLeaves])
            #expect(report.comparison.equal == 29 && report.comparison.different == 2)
        }
    }

    @Test func restoresFromAnOldServerToANewOne() async throws {
        try await withScene(ServerVersion(1, 6)) { _, scene in
            try await scene.source.fill(25)
            try await scene.source.replicate("conflict", [revision(2, "a"), revision(1, "1")])
            try await scene.source.replicate("conflict", [revision(2, "b"), revision(1, "1")])
            let backup = try await scene.backUp()
            let before = try await scene.picture()
            try await withScene { _, new in
                let report = try await RestoreRun(
                    of: try await scene.moment(backup.moment), to: new.beside("target"), options: Self.options
                ).run()
                #expect(report.isEqual)
                #expect(
                    try await new.picture(of: new.beside("target")).map(\.path.leaf).sorted()
                        == before.map(\.path.leaf).sorted())
            }
        }
    }
}
