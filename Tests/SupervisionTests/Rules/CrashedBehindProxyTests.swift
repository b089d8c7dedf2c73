import CouchDB
import Foundation
import Secrets
import Testing

@testable import Supervision

/// `replication-crashing` where a proxy stands before a server.
@Suite struct CrashedBehindProxyTests {
    /// A pair that was begun half a minute ago and has copied nothing yet.
    private func begun() -> Scene {
        var scene = Scene()
        scene.target = .present(Scene.database(documents: 0, identity: "1795000002"))
        scene.progress = .known(ReplicationProgress(checkpoint: .zero, pending: 1000))
        scene.replication.documents = [scene.running(scene.ownDocument)]
        _ = scene.pass()
        scene.elapse(30)
        return scene
    }

    private func light(_ scene: Scene) -> Light.State {
        PairReport.replicating(scene.situation, memory: scene.memory, findings: scene.findings).state
    }

    @Test(
        "What answers in CouchDB's place is told at once where nothing ever was copied, and else the second time",
        arguments: ProxyReasonTests.recorded.filter { $0.1 == .notCouchDB }.map(\.0))
    func page(reason: String) throws {
        var scene = begun()
        scene.crash(reason)
        #expect(scene.found == ["replication-crashing"])
        #expect(light(scene) == .problem)
        let finding = try #require(scene.finding("replication-crashing"))
        #expect(finding.evidence["cause"] == "not-couchdb")
        #expect(finding.next == CrashCause.notCouchDB.remedy)
        scene = Scene.watched()
        scene.crash(reason)
        #expect(scene.found == [])
        scene.crash(reason, errors: 2, crashes: 2)
        #expect(scene.found == ["replication-crashing"])
    }

    @Test("A gateway whose server is away for a while is let be, also at the beginning")
    func away() {
        var scene = begun()
        for (reason, _) in ProxyReasonTests.recorded where reason.contains("\"50") {
            scene.crash(reason, errors: 2, crashes: 2)
            #expect(scene.pass() == [])
        }
        scene.elapse(300)
        #expect(scene.found == ["replication-crashing"])
    }

    @Test("A reason that nobody knows hardly passes where nothing ever was copied")
    func unknown() {
        let reason = "{case_clause,{error,<<\"Not Found\">>}}"
        var scene = begun()
        scene.crash(reason)
        #expect(scene.found == [])
        scene.crash(reason, errors: 2, crashes: 2)
        #expect(scene.found == ["replication-crashing"])
        scene = Scene.watched()
        scene.crash(reason, errors: 2, crashes: 2)
        #expect(scene.found == [])
    }

    @Test("What to do stays said when the job was started again")
    func startedAgain() throws {
        var scene = begun()
        scene.crash("{invalid_json,{1,invalid_json}}", errors: 2, crashes: 2)
        #expect(scene.pass() == ["replication-crashing"])
        scene.elapse(20)
        scene.replication.documents = [scene.running(scene.ownDocument)]
        #expect(try #require(scene.finding("replication-crashing")).next == CrashCause.notCouchDB.remedy)
    }

    // Recorded from 3.5.0 behind an nginx that decodes %2F.
    private static let decoded = "db_not_found: could not open http://localhost:8508/couch/team%2Forders/"

    private func behindDecodingProxy(_ source: DatabaseInfo) -> Scene {
        var scene = Scene()
        scene.sourceAccess = ReplicationAccess(
            url: Scene.url("http://localhost:8508/couch"), otherURLs: [Scene.url("http://localhost:8401")],
            user: "backup", password: Secret("right"))
        scene.pair.source.database = "team/orders"
        scene.source = .present(source)
        scene.replication.documents = [scene.running(scene.ownDocument)]
        _ = scene.pass()
        scene.elapse(60)
        return scene
    }

    private func cause(_ scene: Scene) -> JSONValue? { scene.finding("replication-crashing")?.evidence["cause"] }

    @Test("A database that the job does not find while it is there is not missing: the address is wrong")
    func address() throws {
        var scene = behindDecodingProxy(Scene.database("team/orders", identity: "1795000001"))
        scene.crash(Self.decoded)
        #expect(scene.found == ["replication-crashing"])
        let finding = try #require(scene.finding("replication-crashing"))
        #expect(finding.evidence["cause"] == "wrong-address")
        #expect(finding.summary.contains("check sees") && finding.summary.contains("(at the source)"))
        #expect(finding.summary.contains("http://localhost:8508/couch/team%2Forders/"))
        #expect(finding.next.contains("replication_url") && finding.next.contains("%2F"))
        #expect(!finding.next.contains("restore"))
    }

    @Test("One that is gone is missing, and one that is back since was")
    func missing() {
        var scene = behindDecodingProxy(Scene.database("team/orders", identity: "1795000001"))
        scene.crash(Self.decoded, ago: 10)
        scene.source = .missing
        #expect(cause(scene) == "database-missing")
        let back = Int(scene.now.timeIntervalSince1970) - 5
        scene.source = .present(Scene.database("team/orders", identity: "\(back)"))
        #expect(cause(scene) == "database-missing")
    }

    @Test("Before 3.3 it was there where two looks have seen it, one before the crash and one behind it")
    func withoutIdentity() {
        var scene = behindDecodingProxy(Scene.database("team/orders", identity: nil))
        scene.crash(Self.decoded, ago: 600)
        #expect(cause(scene) == "database-missing")
        scene.crash(Self.decoded, ago: 10)
        #expect(cause(scene) == "wrong-address")
        _ = scene.pass()
        scene.elapse(300)
        #expect(cause(scene) == "wrong-address", "it was told as that")
        scene.source = .missing
        #expect(cause(scene) == "database-missing")
    }

    @Test("Of two servers behind one proxy the reason names the one whose database it is")
    func onePlace() {
        var scene = Scene()
        scene.sourceAccess = ReplicationAccess(url: Scene.url("http://proxy:8508/a"))
        scene.targetAccess = ReplicationAccess(url: Scene.url("http://proxy:8508/b"))
        func named(_ reason: String) -> CrashedSide? { CrashedSide.named(in: reason, scene.desired) }
        #expect(named("db_not_found: could not open http://proxy:8508/b/orders/") == .target)
        #expect(named("db_not_found: could not open http://proxy:8508/a/orders/") == .source)
        #expect(named("{http_request_failed,\"GET\",\"http://proxy:8508/_session\",{error,timeout}}") == nil)
        // 1.x knows a database of its own by its name.
        scene.targetServer = .known(Scene.server(ServerVersion(1, 7, 1), uuid: "b2"))
        #expect(named("db_not_found: could not open orders") == .target)
    }
}
