import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct SourceIsTargetTests {
    private func oneDatabase() -> Scene {
        var scene = Scene()
        scene.targetServer = scene.sourceServer
        scene.target = scene.source
        return scene
    }

    @Test("Two addresses of one server, and the same database")
    func same() throws {
        var scene = oneDatabase()
        #expect(scene.found == ["source-is-target"])
        scene.replication = ReplicationObservation()
        #expect(scene.plan().obstacle == "source and target are the same database")
    }

    @Test("A cloned machine has the same uuid, but its database goes its own way")
    func clone() {
        var scene = oneDatabase()
        scene.target = .present(Scene.database(documents: 900, sequence: 900))
        #expect(scene.found == [])
        scene.target = .present(Scene.database(identity: "1795000077"))
        #expect(scene.found == [])
    }

    @Test("Two databases of one server, and databases of one name on two servers, are a backup")
    func apart() {
        var scene = oneDatabase()
        scene.pair.target.database = "orders-backup"
        scene.replication.documents = [scene.running(scene.ownDocument)]
        #expect(scene.found == [])
        scene = Scene()
        scene.target = scene.source
        #expect(scene.found == [])
    }

    @Test("Before 1.3 a server has no uuid; then the addresses tell, or when both opened the database's file")
    func withoutUUID() {
        var scene = oneDatabase()
        let old = Observed.known(Scene.server(ServerVersion(1, 2, 2), uuid: nil))
        (scene.sourceServer, scene.targetServer) = (old, old)
        scene.source = .present(Scene.database(identity: "1795976685603925"))
        scene.target = .present(Scene.database(identity: "1795976685603926"))
        #expect(scene.found == [])
        scene.target = scene.source
        #expect(scene.found == ["source-is-target"])
        // A database that goes on without a time, and a gateway that hides a later server's uuid, tell nothing by it.
        (scene.source, scene.target) = (
            .present(Scene.database(identity: "0")), .present(Scene.database(identity: "0"))
        )
        #expect(scene.found == [])
        (scene.source, scene.target) = (
            .present(Scene.database(identity: nil)), .present(Scene.database(identity: nil))
        )
        #expect(scene.found == [])
        scene.targetAccess = scene.sourceAccess
        scene.replication.documents = [scene.running(scene.ownDocument)]
        #expect(scene.found == ["source-is-target"])
        scene = oneDatabase()
        scene.targetServer = .known(Scene.server(uuid: nil))
        scene.sourceServer = scene.targetServer
        #expect(scene.found == [])
    }
}
