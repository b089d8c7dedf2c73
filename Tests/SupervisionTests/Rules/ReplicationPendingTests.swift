import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationPendingTests {
    @Test("A job that waits for its turn with work to do is found after an hour")
    func waiting() throws {
        var scene = Scene.watched()
        scene.park()
        scene.write(10)
        for _ in 0..<60 {
            #expect(scene.pass().filter { $0 != "replication-behind" } == [])
            scene.elapse(60)
        }
        #expect(scene.found == ["replication-behind", "replication-pending"])
        #expect(try #require(scene.finding("replication-pending")).severity == .warning)
        #expect(scene.plan() == .none)
    }

    @Test("A job that is parked with nothing to do is healthy, for however long")
    func parked() {
        var scene = Scene.watched()
        scene.park()
        for _ in 0..<10 {
            #expect(scene.pass() == [])
            scene.elapse(86400)
        }
        // Nor does work that has just come find it late.
        scene.write(10)
        #expect(scene.pass() == [])
    }

    @Test("A turn in between begins the waiting anew")
    func rotation() {
        var scene = Scene.watched()
        scene.pair.thresholds.lagWarning = 86400
        for _ in 0..<6 {
            scene.park()
            scene.write(10)
            #expect(scene.pass() == [])
            scene.elapse(20 * 60)
            #expect(scene.pass() == [])
            scene.replication.documents = [scene.running(scene.ownDocument)]
            scene.copy()
            scene.write(1)
            #expect(scene.pass() == [])
            scene.elapse(60)
        }
    }

    @Test("Work that is unknown is not waited for")
    func unknown() {
        var scene = Scene.watched()
        scene.park()
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(1000), pending: nil))
        _ = scene.pass()
        scene.elapse(86400)
        #expect(scene.finding("replication-pending") == nil)
    }
}
