import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Secrets
import Testing

/// CouchDB sets `_revs_limit` on all copies of all shards: where a node is away, that fails after a minute, each time.
@Suite(.timeLimit(.minutes(2))) struct RevisionsLimitTests {
    private func refuse(on server: SimulatedServer, status: Int = 500) -> FaultPlan.ID {
        server.faults.add(
            Fault(
                .failure(status: status, error: "badmatch", reason: "{error,timeout}"), method: "PUT",
                pathContains: "/_revs_limit"))
    }

    @Test(arguments: [500, 408]) func goesOnWhereItCannotBeSet(status: Int) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(30)
            try await scene.source.setRevisionsLimit(50)
            let moment = try await scene.backUp().moment
            let fault = refuse(on: server, status: status)
            let target = scene.beside("target")
            let report = try await scene.restore(moment, to: target)
            #expect(
                report.outcome == .incomplete && report.hasAllDocuments && report.comparison.equal == 30, "\(report)")
            #expect(report.otherSettings == ["_revs_limit"] && report.refusals == [], "\(report)")
            #expect(report.settingFailures.first?.reason.contains("it was 50") == true, "\(report)")
            #expect(server.faults.strikes(of: fault) == 2, "the call, and the repetition of the connection")
            #expect(try await target.localDocument("couchkeep-restore") == nil, "nothing is left to go on with")

            let change: (inout RestoreOptions) -> Void = { ($0.intoExisting, $0.isExact) = (true, true) }
            let exact = try await scene.restore(moment, to: target, change)
            #expect(exact.outcome == .incomplete && exact.otherSettings == ["_revs_limit"], "\(exact)")
            #expect(exact.restoredSettings == [] && server.faults.strikes(of: fault) == 4, "\(exact)")

            let drill = try await DrillRun(.moment(scene.moment(moment)), in: .server(scene.connection))
                .run(until: StopRequest())
            #expect(drill.verdict == .equal && drill.problems.map(\.id) == ["_revs_limit"], "\(drill)")

            server.faults.removeAll()
            let again = try await scene.restore(moment, to: target, change)
            #expect(again.isEqual && again.restoredSettings == ["_revs_limit"], "\(again)")
            #expect(try await target.revisionsLimit() == 50)
        }
    }

    /// A proxy in front of a server that is started again says nothing of the cluster's nodes.
    @Test(arguments: [502, 503]) func waitsForAServerThatIsStartedAgain(status: Int) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            try await scene.source.setRevisionsLimit(2000)
            let moment = try await scene.backUp().moment
            let page = server.faults.add(
                Fault(.page("<html>", status: status), method: "PUT", pathContains: "/_revs_limit", count: 3))
            let report = try await scene.restore(moment, to: scene.beside("target"))
            #expect(report.isEqual && server.faults.strikes(of: page) == 3, "\(report)")
            #expect(try await scene.beside("target").revisionsLimit() == 2000)

            _ = refuse(on: server)
            let failed = try await scene.restore(moment, to: scene.beside("other")).settingFailures
            #expect(failed.first?.reason.contains("longer histories are cut to 1,000 revisions") == true, "\(failed)")
        }
    }

    @Test(arguments: [1, 3]) func isNotSetWhereItIsTheSame(copies: Int) async throws {
        try await withScene(copies: copies) { server, scene in
            try await scene.source.fill(3)
            let moment = try await scene.backUp().moment
            let fault = refuse(on: server)
            let report = try await scene.restore(moment, to: scene.beside("target"))
            #expect(report.isEqual && report.otherSettings == [], "\(report)")
            let done = try await RestoreRun(of: scene.moment(moment), to: scene.beside("target")).done()
            #expect(done?.isEqual == true)
            #expect(server.faults.strikes(of: fault) == 0)
        }
    }

    /// What CouchDB fails to set is set on the copies that are there, and one of them tells that it is.
    @Test func isSetAgainWhereOneCopyMayHaveItAlone() async throws {
        try await withScene(copies: 3) { server, scene in
            try await scene.source.fill(3)
            try await scene.source.setRevisionsLimit(50)
            try await scene.source.setSecurity(["members": ["names": ["bob"], "roles": []]])
            let moment = try await scene.backUp().moment
            let target = scene.beside("target")
            #expect(try await scene.restore(moment, to: target).isEqual)
            _ = refuse(on: server)
            server.faults.add(
                Fault(
                    .failure(status: 500, error: "error", reason: "no_majority"), method: "PUT",
                    pathContains: "/_security"))
            let change: (inout RestoreOptions) -> Void = { ($0.intoExisting, $0.isExact) = (true, true) }
            let report = try await scene.restore(moment, to: target, change)
            #expect(report.outcome == .incomplete && report.hasAllDocuments, "\(report)")
            #expect(report.otherSettings == ["_revs_limit", "_security"] && report.restoredSettings == [])
            let done = try await RestoreRun(of: scene.moment(moment), to: target).done()
            #expect(done?.outcome == .incomplete, "\(String(describing: done))")
            server.faults.removeAll()
            let again = try await scene.restore(moment, to: target, change)
            #expect(again.isEqual && again.otherSettings == [] && again.restoredSettings == [], "\(again)")
        }
    }

    /// Who may not put settings back is told before anything is written, though the limit need not be set.
    @Test(arguments: [true, false]) func refusesWhoMayNotPutSettingsBack(hasLimit: Bool) async throws {
        let password = Secret("long enough")
        try await withScene(users: [ServerOptions.User("ann", password: password)]) { server, scene in
            try await scene.source.fill(3)
            try await scene.source.setSecurity(["admins": ["names": ["ann"], "roles": []]])
            if !hasLimit {
                server.faults.add(
                    Fault(
                        .failure(status: 403, error: "forbidden", reason: "no"), method: "GET",
                        pathContains: "/_revs_limit"))
            }
            let moment = try await scene.backUp().moment
            server.faults.removeAll()
            let target = scene.beside("target")
            try await target.create()
            func restore() async throws -> RestoreReport {
                let connection = try ServerConnection(
                    url: try ServerURL(server.baseURL), authentication: .basic(user: "ann", password: password))
                return try await connection.closing {
                    try await scene.restore(moment, to: connection.database(target.name))
                }
            }
            try await target.setSecurity(["members": ["names": ["ann"], "roles": []]])
            let error = await #expect(throws: ReplicationFailure.self) { _ = try await restore() }
            #expect((error?.underlying as? CouchError)?.code == .forbidden, "\(String(describing: error))")
            #expect(try await target.localDocument("couchkeep-restore") == nil)
            #expect(try await target.info().documentCount == 0)
            // An administrator of this database may.
            try await target.setSecurity(["admins": ["names": ["ann"], "roles": []]])
            #expect(try await restore().comparison.equal == 3)
        }
    }

    /// An account that the restored `_security` makes none of its administrators does before what only those may do.
    @Test(arguments: [false, true]) func writesAllElseBeforeSecurity(isExisting: Bool) async throws {
        let password = Secret("long enough")
        try await withScene(users: [ServerOptions.User("ann", password: password)]) { server, scene in
            try await scene.source.fill(3)
            _ = try await scene.source.putDocument("_design/a", members: ["language": "query"])
            try await scene.source.setRevisionsLimit(50)
            try await scene.source.setSecurity(["admins": ["names": ["bob"], "roles": []]])
            let moment = try await scene.backUp().moment
            let target = scene.beside("target")
            try await target.create()
            if isExisting { _ = try await target.putDocument("other", members: [:]) }
            try await target.setSecurity(["admins": ["names": ["ann"], "roles": []]])
            let connection = try ServerConnection(
                url: try ServerURL(server.baseURL), authentication: .basic(user: "ann", password: password))
            let report = try await connection.closing {
                try await scene.restore(moment, to: connection.database(target.name)) {
                    ($0.intoExisting, $0.isExact) = (isExisting, isExisting)
                }
            }
            #expect(report.isEqual && report.otherSettings == [], "\(report)")
            #expect(try await target.revisionsLimit() == 50)
            #expect(try await target.security()["admins"]?["names"] == ["bob"])
        }
    }
}
