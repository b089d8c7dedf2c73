import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// A checkpoint is written at the source first; until the target has taken it too, the two differ.
@Suite(.timeLimit(.minutes(1)))
struct SlowCheckpointTests {
    @Test func aCheckpointThatIsHalfWrittenIsNoRollback() async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                production.makeDatabases("orders")
                try production.fill("orders", count: 10)
                try keeper.configure(
                    ConfigurationText(production: .init(production), standby: .init(standby)).yaml)
                try await Polling.until("caught up", every: .milliseconds(20)) {
                    let checked = try await keeper.checkHere()
                    #expect(checked.alarms.isEmpty)
                    return checked.report.pairs[0].lag.changes == 0
                }
                // The job tries for a minute to write its checkpoint at the target.
                let id = try #require(try standby.leaves(of: "_replicator").keys.first { $0.hasPrefix("couchkeep-") })
                try await keeper.withConnection(to: standby) { connection in
                    let replicator = connection.database("_replicator")
                    var members = try #require(try await replicator.document(id)?.object)
                    members["retries_per_request"] = 1000
                    _ = try await replicator.putDocument(id, members: members)
                }
                // A first checkpoint of the job's new session.
                try production.put("first", [:], in: "orders")
                try await Polling.until("copied", every: .milliseconds(20)) {
                    let checked = try await keeper.checkHere()
                    return try standby.documentCount(of: "orders") == 11 && checked.report.pairs[0].lag.changes == 0
                }
                let fault = standby.faults.add(
                    Fault(
                        .failure(status: 503, error: "service_unavailable", reason: "slow disk"), method: "PUT",
                        pathPrefix: "/orders/_local/"))
                try production.put("new", [:], in: "orders")
                try await Polling.until("the checkpoint is half written", every: .milliseconds(5)) {
                    standby.faults.strikes(of: fault) > 0
                }
                let checked = try await keeper.checkHere()
                #expect(checked.alarms.isEmpty, "\(checked.details)")
                #expect(checked.repairs.isEmpty)
                standby.faults.removeAll()
                try await Polling.until("caught up again", every: .milliseconds(20)) {
                    let checked = try await keeper.checkHere()
                    #expect(checked.alarms.isEmpty, "\(checked.details)")
                    return checked.report.pairs[0].lag.changes == 0
                }
            }
        }
    }
}
