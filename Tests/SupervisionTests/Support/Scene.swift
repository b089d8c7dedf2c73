import CouchDB
import Foundation
import Secrets

@testable import Supervision

/// A pair at which nothing is wrong, of which a test changes what its case is about.
///
/// The source and the target hold 1,000 documents, everything is copied, and the job runs.
struct Scene {
    /// When every scene begins.
    static let start = Date(timeIntervalSince1970: 1_795_500_000)

    var now = Scene.start
    var pair = Pair(
        name: "orders", source: DatabaseAddress(server: "production", database: "orders"),
        target: DatabaseAddress(server: "standby", database: "orders"))
    var sourceServer = Observed.known(Scene.server(uuid: "a1"))
    var targetServer = Observed.known(Scene.server(uuid: "b2"))
    var source = DatabaseObservation.present(Scene.database(identity: "1795000001"))
    var target = DatabaseObservation.present(Scene.database(identity: "1795000002"))
    var replication = ReplicationObservation()
    /// Why the replications could not be read.
    var replicationError: CouchError?
    var progress = Observed.known(ReplicationProgress(checkpoint: Scene.sequence(1000), pending: 0))
    var inspection: PairInspection?
    /// What the last comparison of both sides says.
    var proof = ComparisonProof.notDemanded
    /// When it began, where it found the same on both sides.
    var equalSince: Date?
    /// The nodes of the servers' clusters; nil where each is one by itself.
    var sourceNodes: Membership?
    var targetNodes: Membership?
    var sourceServerFindings: [Finding] = []
    var targetServerFindings: [Finding] = []
    var memory = PairMemory()
    var sourceAccess = ReplicationAccess(url: Scene.url("http://couch1.example.org:5984"), user: "backup")
    var targetAccess = ReplicationAccess(url: Scene.url("http://couch2.example.org:5984"), user: "backup")

    init() {
        sourceAccess.password = Secret("right")
        targetAccess.password = Secret("right")
        replication.documents = [running(ownDocument)]
    }

    /// A scene that was looked at once before, a minute ago, and was well.
    static func watched() -> Scene {
        var scene = Scene()
        _ = scene.pass()
        scene.elapse(60)
        return scene
    }
}
