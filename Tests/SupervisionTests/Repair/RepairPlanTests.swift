import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct RepairPlanTests {
    private func missing() -> Scene {
        var scene = Scene()
        scene.replication = ReplicationObservation()
        return scene
    }

    @Test("Only a pair that is managed is repaired", arguments: [Pair.Mode.watch, .off])
    func modes(mode: Pair.Mode) {
        var scene = missing()
        #expect(scene.plan().action == .createReplication)
        scene.pair.mode = mode
        #expect(scene.plan() == .none)
        #expect(scene.plan(adopting: true) == .none)
    }

    @Test("A pair that is well needs nothing, and a foreign document is taken over only at the user's word")
    func adoption() {
        var scene = Scene()
        #expect(scene.plan() == .none)
        #expect(scene.plan(adopting: true) == .none)
        scene.replication.documents = [scene.running(scene.foreignDocument())]
        #expect(scene.plan() == .none)
        #expect(scene.plan(adopting: true) == .step(.rewriteReplication(documentID: "nightly"), rule: "adopt"))
    }

    @Test("The first step is that of the deepest cause")
    func order() {
        var scene = missing()
        scene.target = .missing
        #expect(scene.findings.map(\.rule) == ["target-missing", "replication-missing"])
        #expect(scene.plan() == .step(.createTarget(q: 2, isPartitioned: false), rule: "target-missing"))
        var document = Scene().ownDocument
        document.members["filter"] = "a/b"
        scene = Scene()
        scene.replication.documents = [scene.resting(document, .failed, error: "x")]
        #expect(scene.findings.map(\.rule) == ["replication-failed", "replication-partial"])
        #expect(scene.plan() == .step(.rewriteReplication(documentID: document.id), rule: "replication-failed"))
    }

    @Test("Nothing is done on either side of a server that was replaced", arguments: ["source", "target"])
    func serverReplaced(side: String) {
        var scene = missing()
        let finding = Finding(rule: "server-replaced", severity: .critical, since: scene.now, summary: "", next: "")
        if side == "source" { scene.sourceServerFindings = [finding] } else { scene.targetServerFindings = [finding] }
        #expect(scene.plan().obstacle?.contains("is another server than before") == true)
        #expect(scene.plan(adopting: true).action == nil, "accepting happens in the memory, before the look")
    }

    @Test("A side that is unknown holds every repair back")
    func unknown() {
        var scene = Scene()
        scene.replication.documents = [scene.resting(scene.ownDocument, .failed, error: "x")]
        #expect(scene.plan().action?.name == "rewrite-replication")
        let present = scene.target
        scene.target = .unknown(CouchError(.timeout, "too late"))
        #expect(scene.plan().obstacle == "the target could not be looked at: too late")
        (scene.source, scene.target) = (scene.target, present)
        #expect(scene.plan().obstacle == "the source could not be looked at: too late")
    }

    @Test("Budget, back-off and giving up")
    func budget() {
        var scene = missing()
        scene.pair.budget.attemptsPerAction = 3
        var steps: [TimeInterval] = []
        for second in stride(from: 0.0, to: 3600, by: 30) {
            scene.now = Scene.start.addingTimeInterval(second)
            switch scene.plan() {
            case .step(let action, _):
                steps.append(second)
                scene.memory.repairs.note(action.name, at: scene.now)
            case .held(_, let rule, let reason):
                #expect(rule == "replication-missing")
                #expect(reason.contains("next try in"))
            case .givenUp(let action, _, let attempts):
                #expect(action == .createReplication)
                #expect(attempts == 3)
                #expect(steps.count == 3)
            case .none: Issue.record("nothing planned")
            }
        }
        #expect(steps == [0, 60, 180])
        scene.elapse(24 * 3600)
        #expect(scene.plan().action == .createReplication, "a day later it is worth another try")
    }

    @Test("A reading from the beginning that was cut short comes before everything else")
    func unfinished() {
        var scene = Scene.watched()
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        // The document was removed already, and the job with it.
        scene.replication = ReplicationObservation()
        scene.elapse(60)
        #expect(
            scene.plan()
                == .step(
                    .resetCheckpoints(documentID: scene.desired.documentID, base: Scene.base),
                    rule: "target-rolled-back"))
        scene.memory.rescan?.isPrepared = true
        #expect(scene.plan().action == .createReplication)
    }

    @Test("A document of our id that is gone may be written; one of another id may not")
    func gone() {
        var scene = Scene.watched()
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.replication.documents = [scene.running(scene.foreignDocument())]
        #expect(scene.plan().obstacle?.contains("made by somebody else") == true)
        #expect(scene.plan(adopting: true).action?.name == "reset-checkpoints")
    }

    @Test("Every step says what it does, and names what it changes")
    func summaries() {
        let pair = Scene().pair
        let actions: [RepairAction] = [
            .createTarget(q: 8, isPartitioned: true), .createReplication, .makeDurable(jobID: ReplicationID("x")),
            .rewriteReplication(documentID: "d"), .removeReplication(documentID: "d"),
            .restartReplication(documentID: "d"), .resetCheckpoints(documentID: "d", base: nil),
        ]
        #expect(Set(actions.map(\.name)).count == actions.count)
        #expect(Set(actions.map { $0.summary(for: pair) }).count == actions.count)
        #expect(actions.compactMap(\.documentID).count == 4)
        #expect(actions[0].summary(for: pair).contains("q=8, partitioned"))
    }
}
