import CouchDB
import CouchSim
import Foundation
import Replication
import Supervision
import Testing

@testable import Service

/// Pairs of the configuration by their names, and what is kept of their verifications.
@Suite(.timeLimit(.minutes(2))) struct VerificationDeskTests {
    @Test func aPairIsVerifiedByItsNameAndRemembered() async throws {
        try await withVerificationScene { scene in
            let revision = try scene.production.put("lost", in: "orders")
            _ = try scene.standby.put("stray", in: "orders")
            let outcome = try #require(try await scene.verify().first)
            #expect(outcome.record.verdict == .different && outcome.exitCode == .different)
            #expect(
                (outcome.record.counts.equal, outcome.record.counts.missing, outcome.record.counts.extra) == (50, 1, 1))

            _ = try scene.standby.put("lost", in: "orders")
            _ = try scene.production.put("stray", in: "orders")
            #expect(try await scene.verify(nil).map(\.record.verdict) == [.equal])

            let records = try await scene.desk().list("orders")
            #expect(records.map(\.verdict) == [.equal, .different] && records.map(\.state) == [.ended, .ended])
            #expect(records[0].sequence != nil && records[0].counts.equal == 52)
            let shown = try await scene.desk().show(records[1].id)
            #expect(shown.record == outcome.record)
            #expect(Set(shown.differences.map(\.id)) == ["lost", "stray"])
            #expect(shown.differences.first { $0.id == "lost" }?.revisions == [revision.description])
        }
    }

    @Test("An incremental verification looks at what has changed, finds what is missing of it, and renews nothing")
    func incremental() async throws {
        try await withVerificationScene { scene in
            #expect(try await scene.verify(isIncremental: true).map(\.record.since) == [nil], "there is no basis yet")
            let whole = try #require(try await scene.verify().first).record
            let again = try #require(try await scene.verify(isIncremental: true).first).record
            #expect(again.verdict == .equal && again.counts.equal == 0 && again.since == whole.asOf)
            #expect(VerificationHistory(try await scene.desk().list()).last?.id == whole.id)

            _ = try scene.production.put("lost", in: "orders")
            let found = try #require(try await scene.verify(isIncremental: true).first)
            #expect(found.record.verdict == .different && found.differences.map(\.id) == ["lost"])
            #expect(VerificationHistory(try await scene.desk().list()).last?.id == found.record.id)

            _ = try scene.standby.put("lost", in: "orders")
            let mended = try #require(try await scene.verify(isIncremental: true).first).record
            #expect(mended.verdict == .equal && mended.since == nil && mended.counts.equal == 51)
        }
    }

    @Test("A side that was put back and has grown again since is compared whole", arguments: [true, false])
    func putBack(isTarget: Bool) async throws {
        try await withVerificationScene { scene in
            let side = isTarget ? scene.standby : scene.production
            func write(_ prefix: String, _ count: Int) throws {
                for server in [scene.production, scene.standby] {
                    try server.fill("orders", prefix: prefix, count: count)
                }
            }
            let old = try side.snapshot(of: "orders")
            try write("lost", 5)
            #expect(try await scene.verify().first?.record.verdict == .equal)
            try write("seen", 1)
            let known = try #require(try await scene.verify(isIncremental: true).first).record
            #expect(known.since != nil && known.verdict == .equal, "nothing was put back yet")
            try side.rollback(to: old)
            try write("later", 20)
            let found = try #require(try await scene.verify(isIncremental: true).first).record
            #expect(found.since == nil && found.verdict == .different, "\(found)")
            #expect(found.counts.missing + found.counts.extra == 6, "\(found.counts)")
        }
    }

    @Test("Where nothing has changed, a pair that is configured by name costs one request a server")
    func incrementalRequests() async throws {
        let pairs = "[{ source: production, target: standby, databases: [orders] }]"
        try await withVerificationScene(pairs: pairs) { scene in
            _ = try await scene.verify()
            for server in [scene.production, scene.standby] { server.requests.reset() }
            let again = try #require(try await scene.verify(isIncremental: true).first).record
            #expect(again.verdict == .equal && again.since != nil)
            for server in [scene.production, scene.standby] {
                #expect(server.requests.counted == ["GET /{db}": 1])
            }
        }
    }

    @Test("A pair that is configured by name is told as unknown where its source doesn't have it")
    func namedButMissing() async throws {
        let pairs = "[{ source: production, target: standby, databases: [invoices] }]"
        try await withVerificationScene(pairs: pairs) { scene in
            for isIncremental in [false, true] {
                let outcome = try #require(
                    try await scene.verify("invoices", isIncremental: isIncremental).first)
                #expect(outcome.record.verdict == .unknown && outcome.record.reason?.contains("invoices") == true)
            }
        }
    }

    @Test(
        "What a verification has found is handed to a repair, from the database or from its file", arguments: [2, 1200])
    func foundForARepair(missing: Int) async throws {
        try await withVerificationScene { scene in
            try scene.production.fill("orders", prefix: "hole", count: missing)
            let record = try #require(try await scene.verify().first).record
            #expect((record.file != nil) == (missing > StoredVerifications.keptDifferences))
            try await scene.desk().repairing("orders", verification: record.id) { repair in
                #expect(repair.verification.id == record.id && repair.differences.count == missing)
                let report = try await repair.mend(repair.differences)
                #expect(report.copied == missing && report.remaining.isEmpty)
            }
            await #expect(throws: PairDirectory.UnknownPair.self) {
                try await scene.desk().repairing("orders", verification: record.id + 1) { _ in }
            }
            #expect(try await scene.verify().map(\.record.verdict) == [.equal])
        }
    }

    /// A repair without a number verifies first, and what it has found is kept; what the target refuses then is the reason
    /// that the next verification names.
    @Test func aRepairIsRememberedWithWhatWasRefused() async throws {
        try await withVerificationScene { scene in
            try scene.standby.put(
                "_design/v", ["validate_doc_update": "function () { // couchsim: forbid-if-field van no vans here\n }"],
                in: "orders")
            try scene.production.put("van", ["van": true], in: "orders")
            try scene.production.put("car", ["car": true], in: "orders")
            let desk = scene.desk()
            let number = try await desk.repairing("orders", verification: nil) { repair in
                let holes = repair.differences.filter { !$0.onlyInSource.isEmpty }
                #expect(holes.map(\.reason?.code) == [.mayBeRefused, .mayBeRefused])
                let report = try await repair.mend(holes)
                #expect(report.refusals.map(\.id) == ["van"])
                return repair.verification.id
            }
            #expect(try await desk.list("orders").first?.id == number)
            let next = try #require(try await scene.verify().first)
            let missing = try #require(next.differences.first { $0.kind == .missing })
            #expect(missing.id == "van" && missing.reason?.code == .refused)
            #expect(
                missing.reason?.sentence
                    == "The target has refused it by the validate_doc_update of _design/v: forbidden: no vans here.")
        }
    }

    /// Whether a design document may be written is a matter of the user as whom the replication logs in.
    @Test(arguments: [true, false])
    func aDesignDocumentIsJudgedByTheReplicationsUser(isKnown: Bool) async throws {
        let code = isKnown ? DifferenceReason.Code.designDocumentNotPermitted : .mayBeRefused
        try await withVerificationScene { scene in
            try scene.production.put("_design/app", ["language": "javascript"], in: "orders")
            if isKnown {
                let account: JSONValue = ["name": "replicator", "type": "user", "roles": []]
                try scene.standby.put("org.couchdb.user:replicator", account, in: "_users")
            }
            try await scene.desk().repairing("orders", verification: nil) { repair in
                var verification = Verification(repair.sides.source, repair.sides.target)
                (verification.looks, verification.context) = ([.zero], ReplicationContext(user: "replicator"))
                let found = try await verification.run().differences
                #expect(found.map(\.id) == ["_design/app"] && found.map(\.reason?.code) == [code])
                #expect(found.first?.reason?.sentence.contains("replicator") == true)
            }
        }
    }

    /// A replication that the check has seen to copy only a part is why the rest is missing.
    @Test(arguments: [
        (#"{"_id":"r","doc_ids":["d1"]}"#, DifferenceReason.Code.filtered),
        (#"{"_id":"r","filter":"app/some"}"#, .mayBeFiltered),
        // The simulated server has no _find, like CouchDB 1.
        (#"{"_id":"r","selector":{"van":true}}"#, .mayBeFiltered),
    ])
    func whatAReplicationLeavesOutIsFiltered(_ document: String, _ code: DifferenceReason.Code) async throws {
        let part = ReplicationPart(try ReplicationDocument(answer: JSONValue(parsing: Data(document.utf8))))
        let context = ReplicationContext(part: part)
        try await withVerificationScene { scene in
            try scene.production.put("car", ["car": true], in: "orders")
            try await scene.desk().repairing("orders", verification: nil) { repair in
                var verification = Verification(repair.sides.source, repair.sides.target)
                (verification.looks, verification.context) = ([.zero], context)
                let found = try await verification.run().differences
                #expect(found.map(\.id) == ["car"] && found.map(\.reason?.code) == [code])
            }
        }
    }

    @Test func aNameThatNoPairHasIsNotGuessed() async throws {
        try await withVerificationScene { scene in
            let error = try #require(
                await #expect(throws: PairDirectory.UnknownPair.self) { _ = try await scene.verify("oders") })
            #expect(error.description.contains("did you mean orders?"))
            await #expect(throws: PairDirectory.UnknownPair.self) { _ = try await scene.desk().show(7) }
            await #expect(throws: PairDirectory.UnknownPair.self) { _ = try await scene.desk().stop("orders") }
        }
    }

    @Test func aSideThatCannotBeReadIsUnknown() async throws {
        try await withVerificationScene { scene in
            _ = try await scene.verify()
            try await scene.standby.stop()
            let outcome = try #require(try await scene.verify().first)
            #expect(outcome.record.verdict == .unknown && outcome.exitCode == .targetUnreachable)
            #expect(outcome.record.state == .ended && outcome.record.reason?.isEmpty == false)
        }
    }

    @Test("Where a database is gone nothing is known, and the exit code says so", arguments: [true, false])
    func aDatabaseThatIsGone(isSource: Bool) async throws {
        let pairs = "[{ source: production, target: standby, databases: [orders] }]"
        try await withVerificationScene(pairs: pairs) { scene in
            try (isSource ? scene.production : scene.standby).dropDatabase("orders")
            let outcome = try #require(try await scene.verify().first)
            #expect(outcome.record.verdict == .unknown && outcome.exitCode == .unknown)
            let words = "the \(isSource ? "source" : "backup") could not be read: "
            #expect(outcome.record.reason?.hasPrefix(words) == true, "\(outcome.record.reason ?? "")")
        }
    }

    @Test func aPairIsVerifiedByOneProcessAtATime() async throws {
        try await withVerificationScene { scene in
            let record = try #require(try await scene.verify().first).record
            let lock = try VerificationFolder(StateFolder(scene.loaded)).lock(record.key, name: "orders")
            let error = try #require(
                await #expect(throws: StateError.self) { _ = try await scene.verify() })
            #expect(error.code == .locked && error.detail.contains("orders"))
            lock.release()
            #expect(try await scene.verify().map(\.record.verdict) == [.equal])
        }
    }

    @Test func oneWhoseProcessIsGoneIsInterrupted() async throws {
        try await withVerificationScene { scene in
            let ended = try #require(try await scene.verify().first).record
            let store = StoredVerifications(try scene.state)
            let running = try await store.begin(
                VerificationRecord(
                    pair: ended.pair, source: ended.source, target: ended.target, level: .revisions,
                    reasonToRun: "asked", startedAt: Date()))
            let lock = try VerificationFolder(StateFolder(scene.loaded)).lock(ended.key, name: "orders")
            #expect(try await scene.desk().list().first?.state == .running)
            lock.release()
            let found = try #require(try await scene.desk().list().first)
            #expect(found.id == running.id && found.state == .interrupted && found.endedAt != nil)
        }
    }

    @Test func itIsStoppedByAnotherProcess() async throws {
        try await withVerificationScene { scene in
            _ = try scene.production.put("lost", in: "orders")
            // A difference is looked at again after an hour: it is at it until it is stopped.
            async let verified = scene.verify(looks: [.seconds(3600)])
            #expect(try await eventually { try await scene.desk().list().first?.state == .running })
            #expect(try await scene.desk().stop("orders").count == 1)
            let outcome = try #require(try await verified.first)
            #expect(
                outcome.record.state == .stopped && outcome.record.verdict == nil && outcome.exitCode == .incomplete)
            #expect(outcome.record.reason?.contains("verify stop") == true)

            let resumed = try await scene.desk().resume(outcome.record.id)
            #expect(resumed.record.id == outcome.record.id && resumed.record.state == .ended)
            #expect(resumed.record.verdict == .different && resumed.record.counts.missing == 1)
            let folder = VerificationFolder(StateFolder(scene.loaded))
            #expect(!FileManager.default.fileExists(atPath: folder.progress(of: outcome.record.id)))
            await #expect(throws: PairDirectory.UnknownPair.self) {
                _ = try await scene.desk().resume(outcome.record.id)
            }
        }
    }

    @Test func itEndsWhenItsTimeIsUp() async throws {
        try await withVerificationScene { scene in
            _ = try scene.production.put("lost", in: "orders")
            let outcome = try #require(
                try await scene.verify(looks: [.seconds(3600)], maximum: .milliseconds(500)).first)
            #expect(outcome.record.state == .stopped && outcome.record.reason?.contains("time") == true)
        }
    }

    @Test func manyDifferencesAreInAFile() async throws {
        try await withVerificationScene { scene in
            try scene.production.fill("orders", prefix: "more", count: 1200)
            let outcome = try #require(try await scene.verify().first)
            #expect(outcome.record.counts.missing == 1200)
            let file = try #require(outcome.record.file)
            #expect(try scene.folder.mode(of: file) == 0o600)
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            let ids = try lines.map {
                try JSONDecoder().decode(VerificationDifference.self, from: Data($0.utf8)).id
            }
            #expect(Set(ids).count == 1200)
            #expect(try await scene.desk().show(outcome.record.id).differences.count == 1000)
        }
    }

    @Test func onlyTheNewestOfAPairAreKept() async throws {
        try await withVerificationScene { scene in
            let store = StoredVerifications(try scene.state)
            for number in 0..<StoredVerifications.keptOfPair + 3 {
                var record = VerificationRecord(
                    pair: "orders", source: "a", target: "b", level: .revisions, reasonToRun: "asked",
                    startedAt: Date(timeIntervalSince1970: Double(number)))
                record = try await store.begin(record)
                record.state = .ended
                let forgotten = try await store.store(record)
                #expect(forgotten.count == (number < StoredVerifications.keptOfPair ? 0 : 1))
            }
            #expect(try await store.all().count == StoredVerifications.keptOfPair)
        }
    }
}
