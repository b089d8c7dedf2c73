import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationIndexTests {
    private func observation(
        jobs: [SchedulerJob] = [], rows: [SchedulerDocument] = [], documents: [ReplicationDocument] = [],
        tasks: [ActiveTask?] = []
    ) -> ReplicationsObservation {
        ReplicationsObservation(
            jobs: .known(jobs), schedulerDocuments: .known(rows), documents: .known(documents),
            activeTasks: .known(tasks.compactMap { $0 }), settings: .known([:]), missingNodes: .known([]))
    }

    private func find(_ scene: Scene, _ observation: ReplicationsObservation) -> ReplicationObservation {
        ReplicationIndex(observation).replication(for: scene.desired)
    }

    @Test("A document is found with its row, its job and its task")
    func joined() throws {
        let scene = Scene()
        let whole = scene.running(scene.ownDocument)
        let found = find(
            scene,
            observation(
                jobs: [try #require(whole.job)], rows: [try #require(whole.scheduled)], documents: [whole.document],
                tasks: [whole.task]))
        let primary = try #require(found.primary)
        #expect(primary.job == whole.job)
        #expect(primary.scheduled == whole.scheduled)
        #expect(primary.task == whole.task)
        #expect(found.transientJobs.isEmpty)
        #expect(found.transientTasks.isEmpty)
        #expect(found.isRunning)
    }

    @Test("Documents of others are found by where they come from and go to; those of other pairs are not")
    func byAddress() throws {
        var scene = Scene()
        let foreign = scene.foreignDocument()
        scene.pair.target.database = "elsewhere"
        let other = scene.foreignDocument("other")
        scene.pair.target.database = "orders"
        let found = find(scene, observation(documents: [other, foreign, scene.ownDocument]))
        #expect(found.documents.map(\.document.id) == [scene.desired.documentID, "nightly"])
    }

    @Test("A document of ours whose address was edited is still the pair's")
    func edited() throws {
        let scene = Scene()
        var document = scene.ownDocument
        document.members["source"] = "http://elsewhere.example.org/orders"
        let edited = try ReplicationDocument(answer: .object(document.members))
        #expect(find(scene, observation(documents: [edited])).documents.count == 1)
        // Somebody else's document under our id, without the mark, is not.
        document.members["couchkeep"] = nil
        let foreign = try ReplicationDocument(answer: .object(document.members))
        #expect(find(scene, observation(documents: [foreign])).documents.isEmpty)
    }

    @Test("A transient job is one job, in whichever lists it is")
    func transient() {
        let scene = Scene()
        let both = find(scene, observation(jobs: [scene.job(nil)], tasks: [scene.task(nil)]))
        #expect(both.transientJobs.count == 1)
        #expect(both.transientTasks.isEmpty)
        let task = find(scene, observation(tasks: [scene.task(nil)]))
        #expect(task.transientTasks.count == 1)
        #expect(task.isRunning)
        #expect(task.id?.base == Scene.base)
    }

    @Test("What CouchDB takes for one replication is found under each form of its addresses")
    func otherForms() throws {
        let scene = Scene()
        var document = scene.foreignDocument()
        (document.members["source"], document.members["target"]) = (
            "https://couch1.example.org/orders/", "http://couch2.example.org/orders"
        )
        let foreign = try ReplicationDocument(answer: .object(document.members))
        #expect(find(scene, observation(documents: [foreign])).documents.count == 1)
        // The document of another pair is no second one of this.
        document.members[OwnershipMark.member] = scene.ownDocument.members[OwnershipMark.member]
        let own = try ReplicationDocument(answer: .object(document.members))
        #expect(find(scene, observation(documents: [own])).documents.isEmpty)
        // 1.x tells addresses apart by their scheme.
        var old = scene
        old.targetServer = .known(Scene.server(ServerVersion(1, 7, 1), uuid: "b2"))
        #expect(find(old, observation(documents: [foreign])).documents.isEmpty)
    }

    @Test("A task of another replicator database is not that of our document of the same id")
    func otherDatabasesTask() throws {
        let scene = Scene()
        var task = try #require(scene.running(scene.ownDocument).task)
        for (database, isOurs) in [
            ("_replicator", true), ("shards/00000000-7fffffff/_replicator.1665052660", true), (nil, true),
            ("shards/00000000-7fffffff/team/_replicator.1665052660", false), ("team/_replicator", false),
        ] as [(String?, Bool)] {
            task.database = database
            let found = find(scene, observation(documents: [scene.ownDocument], tasks: [task]))
            #expect((found.primary?.task != nil) == isOurs, "\(database ?? "none")")
        }
    }

    @Test("Of a job that two nodes have the one that runs counts")
    func twoNodes() {
        let scene = Scene()
        var (running, waiting) = (scene.job(scene.desired.documentID), scene.job(scene.desired.documentID))
        (running.node, waiting.node, waiting.isRunning) = ("couchdb@a", "couchdb@b", false)
        for jobs in [[running, waiting], [waiting, running]] {
            #expect(find(scene, observation(jobs: jobs, documents: [scene.ownDocument])).primary?.job == running)
        }
    }

    @Test("A job of another replicator database is not that of our document of the same id")
    func otherDatabase() {
        let scene = Scene()
        var job = scene.job(scene.desired.documentID)
        job.database = "team/_replicator"
        let found = find(scene, observation(jobs: [job], documents: [scene.ownDocument]))
        #expect(found.primary?.job == nil)
        #expect(found.transientJobs.isEmpty)
        #expect(found.foreignJobs == [job])
        #expect(find(scene, observation(jobs: [scene.job("nightly")])).foreignJobs.isEmpty)
    }

    @Test("What could not be read is not in the index, and is said to be missing")
    func blindness() {
        var seen = observation()
        #expect(seen.blindness == nil)
        seen.missingNodes = .known(["couchdb@b", "couchdb@a"])
        #expect(seen.blindness?.message.contains("couchdb@a, couchdb@b are down") == true)
        seen.missingNodes = .unknown(CouchError(.timeout, "too late"))
        #expect(seen.blindness?.message == "too late")
        for change: (inout ReplicationsObservation) -> Void in [
            { $0.jobs = .unknown(CouchError(.serverError, "500")) },
            { $0.schedulerDocuments = .unknown(CouchError(.serverError, "500")) },
            { $0.documents = .unknown(CouchError(.serverError, "500")) },
        ] {
            var seen = observation()
            change(&seen)
            #expect(seen.blindness?.message == "500")
        }
    }

    @Test(
        "The state is the scheduler's, or in 1.x what document and task say together",
        arguments: [
            (nil, nil, false, nil), ("triggered", nil, false, nil), ("triggered", nil, true, "running"),
            ("error", nil, false, "crashing"), ("error", nil, true, "running"), ("completed", nil, false, "completed"),
            ("failed", nil, true, "failed"), ("completed", "running", true, "running"),
            (nil, "failed", false, "failed"),
            (nil, "error", false, "error"),
        ] as [(String?, String?, Bool, String?)])
    func state(recorded: String?, scheduled: String?, hasTask: Bool, expected: String?) {
        let scene = Scene()
        var document = scene.ownDocument
        document.members["_replication_state"] = recorded.map { .string($0) }
        let documented = ReplicationObservation.Documented(
            document: document,
            scheduled: scheduled.map {
                SchedulerDocument(
                    database: "_replicator", documentID: document.id, id: nil, state: ReplicationState(rawValue: $0))
            }, task: hasTask ? scene.task(document.id) : nil)
        #expect(documented.state?.rawValue == expected)
    }
}
