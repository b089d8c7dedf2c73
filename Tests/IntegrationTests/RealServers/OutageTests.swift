import CouchDB
import CouchSim
import Foundation
import Supervision
import Testing

/// Servers that end, by themselves or by somebody's hand.
@Suite(.enabled(if: LocalCouchDB.isInstalled, RealServers.whySkipped), .timeLimit(.minutes(5)))
struct OutageTests {
    @Test func restartOfBothServersIsNoAlarm() async throws {
        try await withRealServers { servers in
            try await withAccident("restart of both servers", database: "restarted", servers: servers) { accident in
                async let first: Void = servers.production.restart()
                async let second: Void = servers.standby.restart()
                _ = try await (first, second)
                try await accident.write(21...25)
                let alarms = try await alarmsUntilCopied(25, accident)
                #expect(alarms.isEmpty)
                CaseTable.note(
                    accident.name, rule: alarms.isEmpty ? "none" : alarms.joined(separator: ", "), pass: 1,
                    repaired: "nothing to repair, by CouchDB itself")
            }
        }
    }

    @Test func killedServersComeBack() async throws {
        try await withRealServers { servers in
            try await withAccident("both servers killed", database: "killed", servers: servers) { accident in
                await servers.production.kill()
                await servers.standby.kill()
                let down = try await accident.keeper.check()
                #expect(down.exitCode == 13)
                #expect(
                    down.alarms == [
                        "blind @ killed", "server-unreachable @ production", "server-unreachable @ standby",
                    ])
                try await servers.standby.start()
                try await servers.production.start()
                try await accident.write(21...25)
                let alarms = try await alarmsUntilCopied(25, accident)
                #expect(alarms.isEmpty)
                CaseTable.note(
                    accident.name, rule: ServerUnreachable.name, pass: 1, repaired: "all well when they were up again")
            }
        }
    }

    @Test func aTransientJobDoesNotOutliveARestart() async throws {
        try await withRealServers { servers in
            try await withKeeper { keeper in
                let accident = Accident(
                    name: "transient job lost in a restart", keeper: keeper, servers: servers, database: "transient")
                try await accident.source.create()
                try await accident.target.create()
                try await accident.write(1...20)
                var configuration = servers.configuration
                configuration.databases = #"["transient"]"#
                configuration.pair = "mode: watch"
                try keeper.configure(configuration.yaml)
                _ = try await servers.target.replicate(try await accident.foreignMembers())
                try await accident.waitForCopies(20)
                let warned = try await accident.detect(ReplicationTransient.name, within: 1)
                #expect(warned.checked.repairs.isEmpty)
                try await servers.standby.restart()
                let found = try await accident.detect(ReplicationMissing.name, within: 1)
                configuration.pair = ""
                try keeper.configure(configuration.yaml)
                _ = try await keeper.check()
                try await accident.proveRepaired(found, rule: ReplicationMissing.name)
            }
        }
    }

    /// Checks until all documents are there, and returns every alarm on the way.
    private func alarmsUntilCopied(_ count: Int, _ accident: Accident) async throws -> [String] {
        var alarms: Set<String> = []
        // After a crash CouchDB tries again after half a minute.
        try await Polling.until("the documents arrive", within: .seconds(90), every: .milliseconds(500)) {
            let checked = try await accident.keeper.check()
            alarms.formUnion(checked.alarms)
            return try await accident.target.info().documentCount == count
        }
        alarms.formUnion(try await accident.keeper.check().alarms)
        return alarms.sorted()
    }
}
