import CouchDB
import CouchSim
import Foundation
import Secrets
import Supervision
import Testing

/// Servers that are not what the configuration says.
@Suite(.timeLimit(.minutes(1)))
struct BadServerTests {
    @Test func aPageInsteadOfCouchDB() async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                try keeper.configure(ConfigurationText(production: .init(production), standby: .init(standby)).yaml)
                production.faults.add(Fault(.page("<html><h1>Welcome to the intranet</h1></html>", status: 200)))
                let checked = try await keeper.check()
                #expect(checked.exitCode == 13)
                let finding = try #require(checked.finding(ServerUnreachable.name))
                #expect(finding.summary.contains("CouchDB"), "\(finding.summary)")
                #expect(finding.evidence["code"] == "not-couchdb", "\(finding.evidence)")
                let survey = try await keeper.run("config", "check")
                #expect(survey.exitCode == 13 && survey.output.contains("can't be reached"), "\(survey)")
                let start = try await Program.run(
                    ["init", production.baseURL, standby.baseURL, "--output", "new.yaml"], in: keeper.folder)
                #expect(start.exitCode == 1)
                #expect(start.errors.contains("not-couchdb"), "\(start.errors)")
                #expect(!FileManager.default.fileExists(atPath: keeper.folder.path + "/new.yaml"))
            }
        }
    }

    @Test func oneServerUnderTwoNames() async throws {
        try await withSimulatedServer { server in
            try await withKeeper { keeper in
                server.makeDatabases("orders")
                try server.fill("orders", count: 3)
                var configuration = ConfigurationText(production: .init(server), standby: .init(server))
                configuration.standby.url = "http://localhost:\(server.port)"
                configuration.databases = "[orders]"
                try keeper.configure(configuration.yaml)
                let checked = try await keeper.check()
                #expect(checked.exitCode == 1)
                #expect(checked.alarms.contains("\(SourceIsTarget.name) @ orders"))
                #expect(checked.repairs.allSatisfy { $0.result == .planned })
                #expect(try server.leaves(of: "_replicator").isEmpty)
                let survey = try await keeper.run("config", "check")
                #expect(survey.exitCode == 2)
                #expect(survey.errors.contains("orders") && survey.errors.contains("next:"), "\(survey.errors)")
            }
        }
    }

    @Test func aPatternThatMatchesNothing() async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                production.makeDatabases("orders")
                var configuration = ConfigurationText(production: .init(production), standby: .init(standby))
                configuration.databases = #"[orders, "invoice-*"]"#
                try keeper.configure(configuration.yaml)
                let checked = try await keeper.check()
                #expect(checked.exitCode == 1)
                #expect(checked.alarms == ["\(PatternUnmatched.name) @ production"])
                #expect(checked.finding(PatternUnmatched.name)?.summary.contains("\"invoice-*\"") == true)
                // What does match is kept all the same.
                #expect(checked.report.pairs.map(\.pair) == ["orders"])
                #expect(checked.repairs.contains { $0.action == "create-replication" && $0.result == .done })
            }
        }
    }

    @Test func aLockedAccount() async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                production.makeDatabases("orders")
                try keeper.configure(ConfigurationText(production: .init(production), standby: .init(standby)).yaml)
                standby.faults.add(
                    Fault(
                        .failure(
                            status: 403, error: "forbidden",
                            reason: "Account is temporarily locked due to multiple authentication failures")))
                let checked = try await keeper.check()
                #expect(checked.exitCode == 12 && checked.repairs.isEmpty)
                let finding = try #require(checked.finding(CredentialsRejected.name))
                #expect(finding.next == AccountLock.remedy, "\(finding)")
                let survey = try await keeper.run("config", "check")
                #expect(survey.exitCode == 12 && survey.output.contains("has locked the account"), "\(survey)")
            }
        }
    }

    @Test func aNodeThatIsAwayIsSaidToBe() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                for (word, isSaid) in [("nodedown", true), ("other", false)] {
                    source.faults.removeAll()
                    source.faults.add(
                        Fault(
                            .failure(status: 412, error: word, reason: "progress not possible"), database: "orders"))
                    let backup = try await scene.backUp("orders", of: source)
                    #expect(backup.exitCode != 0)
                    #expect(backup.errors.contains("nodes of the cluster are away") == isSaid, "\(backup)")
                }
            }
        }
    }

    @Test func aFirstConfigurationForOneDatabase() async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                production.makeDatabases("orders")
                let logins = ["source", "target"].flatMap {
                    ["--\($0)-user", production.administrator, "--\($0)-password-env", "SECRET"]
                }
                for (name, count) in [("one.yaml", "1 database,"), ("two.yaml", "2 databases,")] {
                    let start = try await Program.run(
                        ["init", production.baseURL, standby.baseURL, "--output", name] + logins,
                        environment: ["SECRET": production.password.reveal()], in: keeper.folder)
                    #expect(start.exitCode == 0 && start.output.contains(" \(count) new ones included"), "\(start)")
                    production.makeDatabases("invoices")
                }
            }
        }
    }

    @Test func aRejectedLogin() async throws {
        try await withSimulatedServers { production, standby in
            try await withKeeper { keeper in
                production.makeDatabases("orders")
                var configuration = ConfigurationText(production: .init(production), standby: .init(standby))
                configuration.standby.password = "wrong"
                try keeper.configure(configuration.yaml)
                let checked = try await keeper.check()
                #expect(checked.exitCode == 12)
                #expect(checked.alarms.contains("\(CredentialsRejected.name) @ standby"))
                #expect(checked.repairs.isEmpty)
                let survey = try await keeper.run("config", "check")
                #expect(survey.exitCode == 12 && survey.output.contains("refuses the login"), "\(survey)")
                #expect(!survey.output.contains(": good"), "\(survey)")
            }
        }
    }
}
