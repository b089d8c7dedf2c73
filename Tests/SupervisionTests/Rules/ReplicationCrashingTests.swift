import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationCrashingTests {
    static let refused =
        "{http_request_failed,\"GET\",\"http://couch1.example.org:5984/orders/\",{error,{conn_failed,{error,econnrefused}}}}"
    static let missing = "db_not_found: could not open http://couch1.example.org:5984/orders/"

    @Test("What does not pass by itself is told at once, with its side")
    func certain() throws {
        var scene = Scene.watched()
        scene.source = .missing
        scene.crash(Self.missing)
        #expect(scene.found == ["replication-crashing", "source-missing"])
        let finding = try #require(scene.finding("replication-crashing"))
        #expect(finding.severity == .critical)
        #expect(finding.summary.hasSuffix("(at the source)"))
        #expect(finding.evidence["cause"] == "database-missing")
    }

    @Test(
        "A restart of a server, crash with a refused connection once, is let be",
        arguments: [
            Self.refused, "{changes_reader_died,{timeout,ibrowse_stream_cleanup}}", "shutdown",
            "{checkpoint_commit_failure,<<\"instance_start_time on target database has changed since last checkpoint.\">>}",
        ])
    func restart(reason: String) {
        var scene = Scene.watched()
        scene.crash(reason)
        #expect(scene.pass() == [])
        scene.elapse(60)
        scene.replication.documents = [scene.running(scene.ownDocument)]
        scene.replication.documents[0].job?.history.insert(
            SchedulerJob.Event(at: scene.now.addingTimeInterval(-60), kind: "crashed", reason: reason), at: 0)
        #expect(scene.pass() == [])
    }

    @Test(
        "What goes on for five minutes does not pass by itself",
        arguments: [(299.0, []), (300, ["replication-crashing"])] as [(Double, [String])])
    func grace(seconds: TimeInterval, rules: [String]) {
        var scene = Scene.watched()
        scene.crash(Self.refused)
        #expect(scene.pass() == [])
        scene.elapse(seconds)
        #expect(scene.found == rules)
    }

    @Test("A login is rejected for sure the second time")
    func credentials() {
        var scene = Scene.watched()
        let reason =
            "{replication_auth_error,{session_request_unauthorized,\"http://couch2.example.org:5984/_session\",\"backup\"}}"
        scene.crash(reason, errors: 1)
        #expect(scene.found == [])
        scene.crash(reason, errors: 2, crashes: 2)
        #expect(scene.found == ["replication-crashing"])
        #expect(scene.finding("replication-crashing")?.summary.hasSuffix("(at the target)") == true)
    }

    @Test("A locked account is one for sure the second time, and nothing for people to allow")
    func locked() {
        var scene = Scene.watched()
        let reason = "{forbidden,<<\"Account is temporarily locked due to multiple authentication failures\">>}"
        scene.crash(reason, errors: 1)
        #expect(scene.found == [])
        scene.crash(reason, errors: 2, crashes: 2)
        let finding = scene.finding("replication-crashing")
        #expect(finding?.evidence["cause"] == "account-locked")
        #expect(finding?.next == AccountLock.remedy)
    }

    @Test(
        "A job that flaps is counted from its history, whatever state and error_count say",
        arguments: [
            (2, []), (3, ["replication-crashing"]),
        ] as [(Int, [String])])
    func flapping(crashes: Int, rules: [String]) {
        var scene = Scene.watched()
        let history = (0..<crashes).map { number in
            SchedulerJob.Event(
                at: scene.now.addingTimeInterval(-Double(number) * 500 - 5), kind: "crashed", reason: Self.refused)
        }
        scene.replication.documents[0].job?.history = history
        #expect(scene.found == rules)
        if rules.isEmpty { return }
        #expect(scene.finding("replication-crashing")?.severity == .warning)
        #expect(scene.plan() == .none, "the job runs")
        // Half an hour later it has recovered.
        scene.elapse(1801)
        #expect(scene.found == [])
    }

    @Test("Crashes of long ago are history")
    func history() {
        var scene = Scene.watched()
        scene.replication.documents[0].job?.history = (0..<20).map { number in
            SchedulerJob.Event(
                at: scene.now.addingTimeInterval(-3700 - Double(number)), kind: "crashed", reason: Self.refused)
        }
        #expect(scene.found == [])
    }

    @Test(
        "A job that CouchDB would let wait for long is started, one that is tried soon is not",
        arguments: [
            (1, nil), (2, nil), (3, "restart-replication"), (11, "restart-replication"),
        ] as [(Int, String?)])
    func restartsEarly(errors: Int, action: String?) {
        var scene = Scene.watched()
        scene.crash(Self.missing, errors: errors, ago: 10)
        #expect(scene.plan().action?.name == action)
    }

    @Test("Nothing is restarted while a server can't be reached, or for a document that can't be copied")
    func noRestart() {
        var scene = Scene.watched()
        scene.crash(Self.refused, errors: 8)
        _ = scene.pass()
        scene.elapse(600)
        scene.crash(Self.refused, errors: 8)
        #expect(scene.plan().action?.name == "restart-replication")
        scene.sourceServerFindings = [
            Finding(rule: "server-unreachable", severity: .critical, since: scene.now, summary: "", next: "")
        ]
        #expect(scene.finding("replication-crashing")?.cause == "server-unreachable @ production")
        #expect(scene.plan() == .none)
        scene.sourceServerFindings = []
        scene.crash("{worker_died,<0.5.0>,{bulk_docs_failed,400,{<<\"doc_validation\">>}}}", errors: 8)
        #expect(scene.found == ["replication-crashing"])
        #expect(scene.finding("replication-crashing")?.summary.contains("doc_validation") == true)
        #expect(scene.plan() == .none)
    }

    @Test("A job that was only started again is not well before it has copied something")
    func startedAgain() throws {
        var scene = Scene.watched()
        scene.write(10)
        scene.crash(Self.missing, errors: 8)
        #expect(scene.pass() == ["replication-crashing"])
        let since = scene.now
        // The restart takes the history with it.
        scene.replication.documents = [scene.running(scene.ownDocument)]
        for _ in 0..<3 {
            scene.elapse(20)
            #expect(scene.pass() == ["replication-crashing"])
            let finding = try #require(scene.finding("replication-crashing"))
            #expect(finding.since == since && finding.severity == .critical)
            #expect(finding.summary.hasSuffix("; it was started again, and nothing shows yet that it copies"))
            #expect(finding.summary.ranges(of: "started again").count == 1)
            #expect(scene.plan() == .none)
        }
        // What would pass by itself at another time is told at once now.
        scene.crash(Self.refused)
        #expect(try #require(scene.finding("replication-crashing")).summary.hasPrefix("the replication has stopped"))
        _ = scene.pass()
        scene.elapse(20)
        scene.replicationError = CouchError(.timeout, "too late")
        #expect(scene.pass().contains("replication-crashing"))
        scene.replicationError = nil
        scene.replication.documents = [scene.running(scene.ownDocument)]
        #expect(scene.pass() == ["replication-crashing"])
        #expect(scene.memory.crashingSince == since)
        scene.elapse(20)
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(1003), pending: 7))
        #expect(scene.pass() == [])
        #expect(scene.memory.crashingSince == nil)
    }

    @Test("Nor does it need anything to copy: one that runs with nothing pending is well")
    func startedAgainIdle() {
        var scene = Scene.watched()
        scene.crash(Self.missing, errors: 8)
        #expect(scene.pass() == ["replication-crashing"])
        scene.elapse(20)
        scene.park()
        #expect(scene.pass() == ["replication-crashing"])
        scene.replication.documents = [scene.running(scene.ownDocument)]
        #expect(scene.pass() == [])
    }

    @Test("The state error is one, and a missing filter is taken out")
    func error() throws {
        var scene = Scene.watched()
        var document = scene.ownDocument
        document.members["filter"] = "nope/none"
        scene.replication.documents = [
            scene.resting(
                document, .error, error: "Couldn't open document `_design/nope` from source database", errors: 1)
        ]
        #expect(scene.found == ["replication-crashing", "replication-partial"])
        #expect(scene.plan().action == .rewriteReplication(documentID: document.id))
    }

    @Test("Two documents for one replication are the duplicate rule's")
    func duplicate() {
        var scene = Scene.watched()
        let reason = "{duplicate_job,<<\"8f5b+continuous\">>}"
        scene.replication.documents = [
            scene.resting(scene.ownDocument, .error, error: reason), scene.resting(scene.foreignDocument(), .failed),
        ]
        #expect(scene.finding("replication-crashing") == nil)
        scene.replication.documents = [scene.resting(scene.ownDocument, .error, error: reason)]
        #expect(scene.found == ["replication-crashing"])
        #expect(scene.plan() == .none)
    }

    @Test("1.x says error in the document, with its reason from 1.6 on")
    func oldServer() {
        var scene = Scene.watched()
        scene.targetServer = .known(Scene.server(ServerVersion(1, 6, 1), uuid: "b2"))
        var document = scene.ownDocument
        document.members["_replication_state"] = "error"
        document.members["_replication_state_time"] = .integer(Int64(scene.now.timeIntervalSince1970))
        document.members["_replication_state_reason"] = .string(Self.missing)
        scene.replication.documents = [ReplicationObservation.Documented(document: document)]
        #expect(scene.found == ["replication-crashing"])
    }

    @Test("What people have to do stays told when starting it again did not help")
    func givenUp() throws {
        var scene = Scene.watched()
        scene.crash("{session_request_failed,sel_conn_closed}", errors: 9, crashes: 9)
        scene.memory.crashingSince = scene.now.addingTimeInterval(-86400)
        var finding = try #require(scene.finding("replication-crashing"))
        #expect(finding.next == CrashCause.loginCutOff.remedy)
        finding.giveUp(after: 5)
        #expect(finding.next == CrashCause.loginCutOff.remedy && finding.severity == .critical)
        #expect(finding.summary.hasSuffix("; the repair was tried 5 times and is given up"))
        finding.next = "couchkeep check"
        finding.giveUp(after: 5)
        #expect(finding.next == "couchkeep explain replication-crashing")
    }
}
