import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Backup
@testable import Vault

/// Nodes of a cluster that are away: what acknowledged writes are with them alone is not visible, and what is written then is
/// on few copies.
@Suite(.timeLimit(.minutes(1))) struct NodesAwayTests {
    private static let others = ["a2@127.0.0.1", "a3@127.0.0.1"]

    @Test func aBackupOfWhatIsVisibleIsNotComplete() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            server.setNodesAway(["a2@127.0.0.1"])
            let whole = try await scene.backUp()
            #expect(whole.moment.isComplete && whole.nodesAway?.hiding == nil && whole.nodesAway != nil)

            server.setNodesAway(Set(Self.others))
            let part = try await scene.backUp()
            #expect(part.isIncomplete && part.moment.documents == 10 && part.moment.setAside == 0)
            #expect(
                part.nodesAway?.hiding
                    == "2 of 3 nodes (a2@127.0.0.1, a3@127.0.0.1) are away: what was acknowledged may not be visible")
            let error = await #expect(throws: RestoreError.self) {
                try await scene.restore(part.moment, to: scene.beside("copy"))
            }
            #expect(error?.code == .incompleteMoment)

            server.setNodesAway([])
            let next = try await scene.backUp()
            #expect(next.moment.isComplete && next.nodesAway == nil)
        }
    }

    /// What is left may be an older copy: that looks like a source that went back, and is none. One of two nodes may have taken
    /// writes alone (202).
    @Test(arguments: [others, Array(others.prefix(1))]) func noEpochBeginsMeanwhile(others: [String]) async throws {
        try await withScene(otherNodes: others) { server, scene in
            try await scene.source.fill(10)
            try await scene.backUp()
            let old = try server.snapshot(of: "source")
            try await scene.source.write(["new": [:]])
            let whole = try await scene.backUp()
            try server.rollback(to: old)
            server.setNodesAway(Set(others))
            let error = try await #require(throws: ReplicationFailure.self) { try await scene.backUp() }
            let named = "\(others.count) of \(others.count + 1) nodes (\(others.joined(separator: ", ")))"
            #expect("\(error.underlying)".contains(named), "\(error)")
            // It has indeed.
            server.setNodesAway([])
            let report = try await scene.backUp()
            #expect(report.moment.epoch == whole.moment.epoch + 1 && report.moment.isComplete)
        }
    }

    /// The questions whose answers make a source look set back may take long.
    @Test func noEpochBeginsWhereNodesGoAwayBehindTheFirstLook() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            try await scene.backUp()
            let old = try server.snapshot(of: "source")
            try await scene.writeUnmarked("new", on: server)
            try server.rollback(to: old)
            let question = server.faults.add(Fault(.stall(afterBytes: 0), pathContains: "_revs_diff"))
            async let run = scene.backUp()
            try await server.faults.struck(question)
            server.setNodesAway(Set(Self.others))
            server.faults.remove(question)
            do {
                let report = try await run
                Issue.record("\(report.source)")
            } catch let failure as ReplicationFailure {
                #expect("\(failure.underlying)".contains("2 of 3 nodes"), "\(failure)")
            }
            server.setNodesAway([])
            #expect(try await scene.backUp().moment.epoch == 2)
        }
    }

    /// A moment that is not complete may have been read from the one copy that is away now: what it has may be there alone.
    @Test func noEpochBeginsBehindAnIncompleteMomentWhileAnyNodeIsAway() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            #expect(try await scene.backUp().moment.isComplete)
            let old = try server.snapshot(of: "source")
            server.setNodesAway(Set(Self.others))
            // Taken by one copy, which CouchDB tells by 202: no mark is left.
            try await scene.source.write(["alone": [:]])
            let part = try await scene.backUp()
            #expect(!part.moment.isComplete)
            try server.rollback(to: old)
            server.setNodesAway([Self.others[0]])
            let error = try await #require(throws: ReplicationFailure.self) { try await scene.backUp() }
            #expect("\(error.underlying)".contains("1 of 3 nodes (\(Self.others[0]))"), "\(error)")
            // It has indeed gone back.
            server.setNodesAway([])
            #expect(try await scene.backUp().moment.epoch == part.moment.epoch + 1)
        }
    }

    /// CouchDB sets it where most copies of the database can be told of it, and nowhere else.
    @Test func aRestoreGoesOnWhereNoMajorityTakesSecurity() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(10)
            try await scene.source.setSecurity(["members": ["names": ["bob"], "roles": []]])
            let moment = try await scene.backUp().moment
            server.faults.add(
                Fault(
                    .failure(status: 500, error: "error", reason: "no_majority"), method: "PUT",
                    pathContains: "/_security"))
            let report = try await scene.restore(moment, to: scene.beside("copy"))
            #expect(report.outcome == .incomplete && report.hasAllDocuments, "\(report)")
            #expect(report.otherSettings.contains("_security"), "\(report)")

            let exact = try await scene.restore(moment, to: scene.beside("copy")) {
                ($0.intoExisting, $0.isExact) = (true, true)
            }
            #expect(exact.outcome == .incomplete && exact.hasAllDocuments, "\(exact)")
            #expect(exact.otherSettings == ["_security"] && exact.restoredSettings == [], "\(exact)")
            #expect(exact.settingFailures.map(\.error) == ["no_majority"], "\(exact)")
            server.faults.removeAll()
            let whole = try await scene.restore(moment, to: scene.beside("copy")) {
                ($0.intoExisting, $0.isExact) = (true, true)
            }
            #expect(whole.isEqual && whole.restoredSettings == ["_security"], "\(whole)")
        }
    }

    /// A check that finds nothing new only confirms the newest moment, which never tells of more than was read: a complete one
    /// is followed by one that is not, and that is confirmed for as long as the nodes are away.
    @Test func aCompleteMomentIsNotConfirmedMeanwhile() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            #expect(try await scene.check().isNew)
            #expect(try await !scene.check().isNew)
            server.setNodesAway(Set(Self.others))
            let hidden = try await scene.check()
            #expect(hidden.isNew && hidden.isIncomplete)
            let again = try await scene.check()
            #expect(!again.isNew && again.isIncomplete && again.moment == hidden.moment)
            _ = try await scene.source.putDocument("new", members: [:])
            #expect(try await scene.check().isNew)
            server.setNodesAway([])
            let back = try await scene.check()
            #expect(back.isNew && !back.isIncomplete)
            #expect(try await !scene.check().isNew)
        }
    }

    @Test(arguments: [true, false])
    func bothEndsOfABackupCount(atTheBeginning: Bool) async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(30)
            if atTheBeginning { server.setNodesAway(Set(Self.others)) }
            let report = try await scene.backUp { _ in
                server.setNodesAway(atTheBeginning ? [] : Set(Self.others))
            }
            #expect(report.isIncomplete)
        }
    }

    /// Both copies have what was acknowledged.
    @Test func oneOfTwoHidesNothing() async throws {
        try await withScene(otherNodes: ["b2@127.0.0.1"]) { server, scene in
            try await scene.source.fill(10)
            server.setNodesAway(["b2@127.0.0.1"])
            #expect(try await !scene.backUp().isIncomplete)
        }
    }

    @Test func aRestoreOntoTooFewCopiesIsNotComplete() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            let moment = try await scene.backUp().moment
            server.setNodesAway(Set(Self.others))
            let target = scene.beside("copy")
            let report = try await scene.restore(moment, to: target)
            #expect(report.hasAllDocuments && report.outcome == .incomplete)
            #expect(
                report.nodesAway?.thinness
                    == "2 of 3 nodes (a2@127.0.0.1, a3@127.0.0.1) are away: what was written may be on one copy alone")
            // All is done: what is left is the cluster's own affair.
            #expect(try await RestoreMark.read(target) == nil)
            let again = try await RestoreRun(of: scene.moment(moment), to: target).done()
            #expect(again?.outcome == .incomplete)

            server.setNodesAway(["a2@127.0.0.1"])
            let done = try await RestoreRun(of: scene.moment(moment), to: target).done()
            #expect(done?.outcome == .equal)
            #expect(try await scene.restore(moment, to: scene.beside("other")).outcome == .equal)
        }
    }

    /// A write is on the one copy that is left, and the server says that it is taken.
    @Test func oneOfTwoCopiesIsTooFew() async throws {
        try await withScene(otherNodes: ["b2@127.0.0.1"]) { server, scene in
            try await scene.source.fill(10)
            let moment = try await scene.backUp().moment
            server.setNodesAway(["b2@127.0.0.1"])
            #expect(try await scene.restore(moment, to: scene.beside("copy")).outcome == .incomplete)
        }
    }

    @Test func aDrillComesToNoVerdict() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            let moment = try await scene.backUp().moment
            func rehearse(_ backup: DrillRun.Backup, in place: DrillRun.Place) async throws -> DrillReport {
                try await DrillRun(backup, in: place).run(until: StopRequest())
            }
            let places = [DrillRun.Place.memory, .server(scene.connection)]
            server.setNodesAway(Set(Self.others))
            let onFewCopies = try await rehearse(.moment(scene.moment(moment)), in: .server(scene.connection))
            #expect(onFewCopies.verdict == .unknown && onFewCopies.reason?.contains("one copy alone") == true)
            #expect(try await rehearse(.moment(scene.moment(moment)), in: .memory).verdict == .equal)
            for place in places {
                let report = try await rehearse(.database(scene.source), in: place)
                #expect(report.verdict == .unknown && report.reason?.contains("may not be visible") == true)
            }
            server.setNodesAway([])
            for place in places {
                #expect(try await rehearse(.database(scene.source), in: place).verdict == .equal)
            }
        }
    }

    /// That nobody answers is not that all nodes are there.
    @Test func nothingIsCompleteWhereTheClusterDoesNotAnswer() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            let moment = try await scene.backUp().moment
            server.setNodesAway(Set(Self.others))
            server.faults.add(Fault(Fault.serverError, pathPrefix: "/_membership"))
            await #expect(throws: ReplicationFailure.self) { try await scene.backUp() }
            await #expect(throws: ReplicationFailure.self) { try await scene.restore(moment, to: scene.beside("copy")) }
            let (source, copy) = (CouchReplica(scene.source), CouchReplica(scene.beside("copy")))
            await #expect(throws: ReplicationFailure.self) { try await AwayNodes.ask(source, copy) }
            server.faults.removeAll()
            #expect(try await scene.backUp().isIncomplete)
            #expect(try await scene.restore(moment, to: scene.beside("copy")).outcome == .incomplete)
        }
    }

    /// A whole restore is not rehearsed for nothing since a node is started again just now.
    @Test func aDrillOutlivesABadSecond() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            server.faults.add(Fault(Fault.serverError, pathPrefix: "/_membership", after: 1, count: 1))
            let report = try await DrillRun(.database(scene.source), in: .memory).run(until: StopRequest())
            #expect(report.verdict == .equal)
            #expect(server.requests.counted["GET /_membership"] == 3, "it was asked again")
        }
    }

    @Test func whoMayNotAskIsToldNothing() async throws {
        try await withScene(otherNodes: Self.others) { server, scene in
            try await scene.source.fill(10)
            server.setNodesAway(Set(Self.others))
            server.faults.add(
                Fault(.failure(status: 403, error: "forbidden", reason: "no"), pathPrefix: "/_membership"))
            let report = try await scene.backUp()
            #expect(!report.isIncomplete && report.nodesAway == nil)
        }
    }
}
