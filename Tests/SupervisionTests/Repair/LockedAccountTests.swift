import CouchDB
import Foundation
import Secrets
import Testing

@testable import Supervision

/// A password was changed, and the replication documents with the old one keep the account locked.
@Suite struct LockedAccountTests {
    private static let lock = CouchError(
        .forbidden, "CouchDB answered 403 forbidden: Account is temporarily locked", status: 403, error: "forbidden",
        reason: "Account is temporarily locked due to multiple authentication failures")
    private static let rejected =
        "replication_auth_error,{session_request_unauthorized,\"http://couch1.example.org:5984/_session\",\"backup\"}"

    private func locked(_ reason: String = rejected, rejectedBefore: Bool = false) -> Scene {
        var scene = Scene.watched()
        scene.sourceAccess.password = Secret("old")
        let document = scene.ownDocument
        scene.replication.documents = [scene.running(document)]
        scene.sourceAccess.password = Secret("right")
        scene.crash(reason)
        scene.source = .unknown(Self.lock)
        scene.progress = .unknown(Self.lock)
        var evidence: [String: JSONValue] = ["cause": .string(CrashCause.accountLocked.rawValue)]
        if rejectedBefore { evidence["rejectedBefore"] = "2026-11-24T06:00:00Z" }
        scene.sourceServerFindings = [
            Finding(
                rule: CredentialsRejected.name, severity: .critical, since: scene.now, summary: "locked",
                evidence: evidence, next: "")
        ]
        return scene
    }

    @Test("What a server rejects is replaced although nothing can be seen behind the lock")
    func ends() {
        let scene = locked()
        #expect(
            scene.plan()
                == .step(.rewriteReplication(documentID: scene.desired.documentID), rule: "replication-altered"))
    }

    @Test("Nothing is done where it is not known whose password is wrong, or where it is Couchkeep's own")
    func waits() {
        for scene in [
            locked(Self.rejected.replacing("couch1", with: "couch2")),
            locked("{forbidden,<<\"Account is temporarily locked due to multiple authentication failures\">>}"),
            locked(rejectedBefore: true),
        ] {
            guard case .held(_, _, let reason) = scene.plan() else {
                Issue.record("\(scene.plan())")
                continue
            }
            #expect(reason.contains("could not be looked at"))
        }
        // A rejection of long ago, by a job that runs again or has come to the lock since.
        var running = locked()
        running.replication.documents = [running.running(running.replication.documents[0].document)]
        var old = locked("{forbidden,<<\"Account is temporarily locked due to multiple authentication failures\">>}")
        old.replication.documents[0].job?.history.append(
            SchedulerJob.Event(at: old.now.addingTimeInterval(-1800), kind: "crashed", reason: Self.rejected))
        for scene in [running, old] {
            guard case .held = scene.plan() else {
                Issue.record("\(scene.plan())")
                continue
            }
        }
        // One of a few minutes ago is why there is a lock.
        old.replication.documents[0].job?.history.append(
            SchedulerJob.Event(at: old.now.addingTimeInterval(-300), kind: "crashed", reason: Self.rejected))
        guard case .step = old.plan() else {
            Issue.record("\(old.plan())")
            return
        }
        var other = locked()
        other.source = .unknown(CouchError(.unreachable, "nothing answers"))
        guard case .held = other.plan() else {
            Issue.record("\(other.plan())")
            return
        }
    }

    @Test("A document that differs in more than its credentials waits")
    func more() throws {
        var scene = locked()
        var document = scene.replication.documents[0].document
        document.members["create_target"] = true
        scene.replication.documents[0].document = try ReplicationDocument(answer: .object(document.members))
        guard case .held = scene.plan() else {
            Issue.record("\(scene.plan())")
            return
        }
    }
}
