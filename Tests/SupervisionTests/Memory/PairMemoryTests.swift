import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct PairMemoryTests {
    @Test("What is known is remembered")
    func remembers() {
        var scene = Scene()
        scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(990)))
        _ = scene.pass()
        let memory = scene.memory
        #expect(memory.source == scene.pair.source)
        #expect(memory.target == scene.pair.target)
        #expect(memory.sourceIdentity == "1795000001")
        #expect(memory.targetIdentity == "1795000002")
        #expect(memory.sourceCounts?.documents == 1000)
        #expect(memory.replicationBase == Scene.base)
        #expect(memory.targetLog?.sequence == Scene.sequence(990))
        #expect(memory.state == "running")
        #expect(memory.wasComplete)
        #expect(memory.coveredUntil == scene.now)
        #expect(memory.idleAt == Scene.sequence(1000))
        #expect(memory.lastInspection == scene.now)
    }

    @Test("The moment up to which the backup is complete moves with the samples that it has passed")
    func coveredUntil() {
        var scene = Scene.watched()
        let complete = scene.memory.coveredUntil
        scene.write(10)
        let first = scene.now
        _ = scene.pass()
        #expect(scene.memory.coveredUntil == complete)
        #expect(scene.memory.samples.map(\.at) == [first])
        #expect(scene.memory.idleAt == nil)
        scene.elapse(60)
        scene.copy()
        scene.write(5)
        _ = scene.pass()
        #expect(scene.memory.coveredUntil == first)
        #expect(scene.memory.samples.map(\.at) == [scene.now])
        #expect(scene.memory.pendingSince == first)
        #expect(scene.situation.lagSeconds == 60)
        #expect(scene.situation.waitingSeconds == 0)
        scene.elapse(60)
        scene.copy()
        _ = scene.pass()
        #expect(scene.memory.coveredUntil == scene.now)
        #expect(scene.memory.samples.isEmpty)
        #expect(scene.memory.pendingSince == nil)
    }

    @Test("Samples are few, the oldest and the newest among them, however long changes wait")
    func thinning() {
        var scene = Scene.watched()
        let first = scene.now
        for _ in 0..<1000 {
            scene.write(1)
            _ = scene.pass()
            #expect(scene.memory.samples.count <= 16)
            #expect(scene.memory.samples.first?.at == first)
            #expect(scene.memory.samples.last?.at == scene.now)
            scene.elapse(60)
        }
        #expect(scene.memory.samples.map(\.at) == scene.memory.samples.map(\.at).sorted())
    }

    @Test("The state's age is that of the state, not of the pass")
    func stateSince() {
        var scene = Scene()
        _ = scene.pass()
        scene.elapse(60)
        _ = scene.pass()
        #expect(scene.memory.stateSince == Scene.start)
        scene.crash("timeout")
        _ = scene.pass()
        let crashed = scene.now
        scene.elapse(60)
        scene.crash("timeout")
        _ = scene.pass()
        #expect(scene.memory.stateSince == crashed)
        #expect(scene.memory.crashingSince == crashed)
        // Waiting for its turn is no success.
        scene.park()
        _ = scene.pass()
        #expect(scene.memory.crashingSince == crashed)
        scene.replication.documents = [scene.running(scene.ownDocument)]
        _ = scene.pass()
        #expect(scene.memory.crashingSince == nil)
    }

    @Test("A finding's age is that of an unbroken row of passes")
    func since() throws {
        var scene = Scene()
        scene.replication = ReplicationObservation()
        _ = scene.pass()
        scene.elapse(60)
        #expect(try #require(scene.finding("replication-missing")).since == Scene.start)
        scene.replication.documents = [scene.running(scene.ownDocument)]
        _ = scene.pass()
        scene.elapse(60)
        scene.replication = ReplicationObservation()
        #expect(try #require(scene.finding("replication-missing")).since == scene.now)
    }

    @Test("After the clock was set back, everything is counted from now")
    func clock() throws {
        var scene = Scene.watched()
        scene.elapse(365 * 86400)
        scene.crash("{http_request_failed,\"GET\",\"\",{error,econnrefused}}")
        scene.write(10)
        scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
        scene.source = .present(Scene.database(documents: 500, deleted: 500, sequence: 1500))
        _ = scene.pass()
        scene.memory.repairs.note("restart-replication", at: scene.now)
        scene.memory.beginRescan(reason: "x", at: scene.now)
        scene.now = Scene.start
        scene.memory.clamp(to: scene.now)
        let text = String(decoding: try JSONEncoder().encode(scene.memory), as: UTF8.self)
        let future = try #require(
            text.firstMatch(of: #/"(?:at|since|startedAt|[a-z]+Since|last[A-Z][a-z]+)":([0-9.]+)/#))
        #expect(try #require(Double(future.1)) <= scene.now.timeIntervalSinceReferenceDate)
        #expect(scene.memory.latestMoment == scene.now)
        scene.elapse(300)
        #expect(scene.found.contains("replication-crashing"))
    }

    @Test("What a version before remembered is read: it lacks what later ones have added")
    func olderMemory() throws {
        var memory = Scene.watched().memory
        #expect(memory.sourceMarks?.isEmpty == false)
        var stored = try JSONValue(parsing: JSONEncoder().encode(memory))
        guard case .object(var members) = stored else {
            Issue.record("a memory is no object")
            return
        }
        members["sourceMarks"] = nil
        stored = .object(members)
        memory.sourceMarks = nil
        #expect(try JSONDecoder().decode(PairMemory.self, from: stored.serialized()) == memory)
    }

    @Test("A clock that runs on changes nothing")
    func clockForward() {
        var scene = Scene.watched()
        let before = scene.memory
        scene.memory.clamp(to: scene.now)
        #expect(scene.memory == before)
    }
}

extension PairMemory {
    /// The latest moment anywhere in the memory.
    fileprivate var latestMoment: Date? {
        var moments: [Date] = []
        func collect(_ value: Any) {
            if let date = value as? Date { moments.append(date) }
            for child in Mirror(reflecting: value).children { collect(child.value) }
        }
        collect(self)
        return moments.max()
    }

    @Test("What was found of a backup that is lost, replaced or put back is not of the one that there is then")
    func evidence() throws {
        var scene = Scene()
        scene.target = .missing
        #expect(scene.pass() == ["target-missing"])
        #expect(scene.memory.evidenceFrom == nil, "it never was there")
        scene = Scene.watched()
        #expect(scene.memory.evidenceFrom == nil)
        let target = scene.target
        scene.target = .missing
        for _ in 0..<2 {
            scene.elapse(60)
            _ = scene.pass()
            #expect(scene.memory.evidenceFrom == scene.now)
        }
        let gone = scene.now
        scene.target = target
        scene.elapse(60)
        _ = scene.pass()
        #expect(scene.memory.evidenceFrom == gone)

        for (identity, documents, rule) in [
            ("1795000009", 1000, "target-replaced"), ("1795000002", 600, "target-rolled-back"),
        ] {
            var scene = Scene.watched()
            scene.target = .present(Scene.database(documents: documents, identity: identity))
            let seen = scene.now
            for _ in 0..<2 {
                #expect(scene.pass() == [rule])
                #expect(scene.memory.evidenceFrom == seen)
                scene.elapse(60)
            }
            scene.memory.clampFuture(to: seen.addingTimeInterval(-10))
            #expect(scene.memory.evidenceFrom == seen.addingTimeInterval(-10))
        }
    }

    @Test("What was compared with a source that was replaced or put back stays void when that was accepted")
    func evidenceOfTheSource() {
        for (identity, documents, rule) in [
            ("1795000008", 1000, "source-replaced"), ("1795000001", 600, "source-rolled-back"),
        ] {
            var scene = Scene.watched()
            #expect(scene.memory.sourceEvidenceFrom == nil)
            scene.source = .present(Scene.database(documents: documents, identity: identity))
            let seen = scene.now
            for _ in 0..<2 {
                #expect(scene.pass().contains(rule))
                #expect(scene.memory.sourceEvidenceFrom == seen && scene.memory.evidenceFrom == nil)
                scene.elapse(60)
            }
            scene.memory.acceptSource()
            #expect(scene.memory.sourceEvidenceFrom == seen)
        }
    }

    @Test("A memory of an earlier version is read")
    func earlierVersion() throws {
        let encoded = try JSONEncoder().encode(Scene.watched().memory)
        var members = try #require(try JSONSerialization.jsonObject(with: encoded) as? [String: Any])
        members["evidenceFrom"] = nil
        let decoded = try JSONDecoder().decode(
            PairMemory.self, from: try JSONSerialization.data(withJSONObject: members))
        #expect(decoded.evidenceFrom == nil && decoded.targetIdentity == "1795000002")
    }
}
