import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct SourceReplacedTests {
    @Test("Another database under the source's name is held until people accept it")
    func replaced() throws {
        var scene = Scene.watched()
        scene.source = .present(Scene.database(documents: 3, identity: "1795999999"))
        for _ in 0..<3 {
            #expect(scene.pass() == ["source-replaced"])
            scene.elapse(3600)
        }
        #expect(try #require(scene.finding("source-replaced")).severity == .critical)
        #expect(scene.plan() == .none)
        scene.replication = ReplicationObservation()
        #expect(scene.plan().obstacle?.contains("source-replaced") == true)
        scene.memory.acceptSource()
        #expect(scene.found == ["replication-missing"])
        #expect(scene.plan().action == .createReplication)
    }

    @Test("What was told before nodes went away stays told, also when they are back, and can be accepted")
    func nodesAway() {
        var scene = Scene()
        scene.source = .present(Scene.database(copies: 3))
        _ = scene.pass()
        scene.source = .present(Scene.database(documents: 3, identity: "1795999999", copies: 3))
        for away in [0, 2, 2, 0] {
            scene.elapse(60)
            scene.sourceNodes = Scene.nodes(3, away: away)
            #expect(scene.pass() == ["source-replaced"])
        }
        #expect(scene.memory.acceptSource() == "source-replaced")
        #expect(scene.memory.sourceIdentity == nil)
    }

    @Test("The first look and old versions have nothing to compare")
    func unknown() {
        var scene = Scene()
        #expect(scene.found == [])
        scene.sourceServer = .known(Scene.server(ServerVersion(2, 3, 1), uuid: "a1"))
        scene.source = .present(Scene.database(identity: "0"))
        _ = scene.pass()
        #expect(scene.pass() == [])
        // The server is made newer, and tells for the first time.
        scene.sourceServer = .known(Scene.server(uuid: "a1"))
        scene.source = .present(Scene.database(identity: "1795999999"))
        #expect(scene.pass() == [])
    }
}
