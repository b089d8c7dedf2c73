import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationMissingTests {
    @Test("A deleted document is missed, and written again")
    func deleted() throws {
        var scene = Scene.watched()
        scene.replication = ReplicationObservation()
        #expect(scene.found == ["replication-missing"])
        let finding = try #require(scene.finding("replication-missing"))
        #expect(finding.severity == .critical)
        #expect(finding.summary == "the replication is gone; changes since then are not backed up")
        #expect(finding.evidence["lastComplete"] != nil)
        #expect(scene.plan().action == .createReplication)
    }

    @Test("A pair that is new is told as such")
    func new() throws {
        var scene = Scene()
        scene.replication = ReplicationObservation()
        #expect(try #require(scene.finding("replication-missing")).summary.contains("exists yet"))
    }

    @Test("Lists that could not be read say nothing about what is missing")
    func unknown() {
        var scene = Scene.watched()
        scene.replicationError = CouchError(.serverError, "500")
        #expect(scene.found == ["blind"])
        #expect(scene.plan() == .none)
    }

    @Test("Any document, job or task of the pair will do")
    func present() {
        var scene = Scene()
        scene.replication.documents = [scene.running(scene.foreignDocument())]
        #expect(scene.finding("replication-missing") == nil)
        scene.replication = ReplicationObservation(transientJobs: [scene.job(nil)])
        #expect(scene.finding("replication-missing") == nil)
        scene.replication = ReplicationObservation(transientTasks: [scene.task(nil)].compactMap { $0 })
        #expect(scene.finding("replication-missing") == nil)
    }

    @Test("Without both databases the document waits")
    func withoutDatabases() {
        var scene = Scene()
        scene.replication = ReplicationObservation()
        scene.target = .missing
        #expect(scene.found == ["replication-missing", "target-missing"])
        #expect(scene.plan().action == .createTarget(q: 2, isPartitioned: false))
        scene.pair.createsTarget = false
        #expect(scene.plan() == .none)
    }

    @Test("A document of another database that replicates the pair is named, and gets no rival")
    func elsewhere() throws {
        var scene = Scene()
        var job = scene.job("nightly")
        job.database = "team/_replicator"
        scene.replication = ReplicationObservation(foreignJobs: [job])
        #expect(scene.found == ["replication-missing"])
        let finding = try #require(scene.finding("replication-missing"))
        #expect(finding.severity == .warning && finding.summary.contains("nightly of team/_replicator"))
        #expect(finding.evidence["document"] == "nightly" && scene.plan() == .none)
    }
}
