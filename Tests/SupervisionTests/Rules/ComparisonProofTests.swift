import CouchDB
import Foundation
import Testing

@testable import Supervision

/// Where pairs are compared, what was missing is there again only when a comparison says so.
@Suite struct ComparisonProofTests {
    @Test("A rollback ends with an equal comparison that began after it was seen, and with nothing else")
    func rollback() {
        var scene = Scene()
        scene.proof = .none
        scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
        _ = scene.pass()
        let before = scene.now
        scene.elapse(60)
        scene.inspection = nil
        scene.target = .present(Scene.database(documents: 600, identity: "1795000002"))
        #expect(scene.pass() == ["target-rolled-back"])
        let seen = scene.now
        scene.elapse(60)
        // Counts that are equal again would end it where nobody compares.
        guard let source = scene.source.info else { return }
        scene.target = .present(Scene.database(documents: source.documentCount, identity: "1795000002"))
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)),
            comparableCounts: ComparableCounts(source: source, target: source))
        #expect(scene.pass() == ["target-rolled-back"])
        scene.proof = .equal(since: before)
        #expect(scene.pass() == ["target-rolled-back"], "it began before the rollback was seen")
        scene.proof = .equal(since: seen)
        #expect(scene.pass() == [])
        scene.proof = .none
        scene.elapse(60)
        #expect(scene.pass() == [], "what was proved whole is what later passes compare with")
    }

    @Test("Refused documents are no loss once a comparison has found them, until more are refused")
    func refusals() {
        var scene = Scene.watched()
        scene.proof = .none
        scene.report(failures: 3)
        #expect(scene.pass() == ["writes-refused"])
        let seen = scene.now
        scene.elapse(60)
        scene.proof = .equal(since: seen.addingTimeInterval(-1))
        #expect(scene.pass() == ["writes-refused"])
        scene.proof = .equal(since: seen.addingTimeInterval(10))
        for _ in 0..<3 {
            scene.elapse(60)
            #expect(scene.pass() == [], "the counter still shows them")
        }
        scene.report(failures: 4)
        #expect(scene.pass() == ["writes-refused"])
        // The counter goes on from the three that are there by now.
        #expect(scene.finding("writes-refused")?.evidence["refused"] == 1)
        scene.report(failures: 0)
        #expect(scene.pass() == ["writes-refused"])
        #expect(scene.finding("writes-refused")?.summary.hasPrefix("the target refused 1 document, ") == true)
    }

    @Test("A counter that begins anew counts from its first refusal")
    func newSession() {
        var scene = Scene.watched()
        scene.proof = .none
        scene.report(failures: 3)
        #expect(scene.pass() == ["writes-refused"])
        scene.elapse(60)
        scene.proof = .equal(since: scene.now)
        #expect(scene.pass() == [])
        scene.report(failures: 0)
        #expect(scene.pass() == [])
        scene.report(failures: 1)
        #expect(scene.pass() == ["writes-refused"])
    }

    @Test(
        "Before 3.0 another session counts from zero, though it has come as far when somebody looks",
        arguments: [2, 3])
    func anotherSession(version: Int) {
        var scene = Scene.watched()
        scene.targetServer = .known(Scene.server(ServerVersion(version, 3, 1), uuid: "b2"))
        _ = scene.pass()
        scene.proof = .none
        scene.replication.documents[0].task?.startedOn = Scene.start
        scene.report(failures: 1)
        #expect(scene.pass() == ["writes-refused"])
        scene.elapse(60)
        scene.proof = .equal(since: scene.now)
        #expect(scene.pass() == [])
        scene.replication.documents[0].task?.startedOn = scene.now
        scene.report(failures: 1)
        scene.elapse(60)
        _ = scene.pass()
        scene.elapse(60)
        // From 3.0 on a session goes on with the counts of the one before.
        #expect(scene.pass() == (version < 3 ? ["writes-refused"] : []))
    }

    @Test("Counts that become equal again prove nothing")
    func counts() {
        func inspection(_ target: Int) -> PairInspection {
            PairInspection(
                comparableCounts: ComparableCounts(
                    source: Scene.database(documents: 10), target: Scene.database(documents: target)))
        }
        var scene = Scene()
        scene.proof = .none
        scene.inspection = inspection(9)
        #expect(scene.pass() == ["counts-differ"])
        let seen = scene.now
        scene.elapse(60)
        scene.inspection = inspection(10)
        for _ in 0..<3 { #expect(scene.pass() == ["counts-differ"]) }
        let summary = scene.finding("counts-differ")?.summary ?? ""
        #expect(summary.components(separatedBy: "no verification has said").count == 2, "\(summary)")
        scene.proof = .equal(since: seen)
        #expect(scene.pass() == [])
    }

    @Test("Of a pair that is only watched a comparison ends what it has disproved, and nothing waits for one")
    func watchedOnly() throws {
        var scene = Scene.watched()
        scene.pair.mode = .watch
        scene.target = .present(Scene.database(documents: 600, identity: "1795000002"))
        #expect(scene.pass() == ["target-rolled-back"])
        let seen = scene.now
        scene.elapse(60)
        scene.target = .present(Scene.database(documents: 1000, identity: "1795000002"))
        scene.proof = .offered(since: seen.addingTimeInterval(-1))
        #expect(scene.pass() == ["target-rolled-back"])
        #expect(scene.finding("target-rolled-back")?.summary.contains("no verification") == false)
        scene.proof = .offered(since: seen)
        #expect(scene.pass() == [])
        scene.elapse(60)
        #expect(scene.pass() == [])

        scene.report(failures: 3)
        #expect(scene.pass() == ["writes-refused"])
        let next = try #require(scene.finding("writes-refused")?.next)
        #expect(next.hasSuffix("couchkeep repair orders"), "\(next)")
        scene.elapse(60)
        scene.proof = .offered(since: scene.now)
        for _ in 0..<2 {
            #expect(scene.pass() == [])
            scene.elapse(60)
        }
    }
}
