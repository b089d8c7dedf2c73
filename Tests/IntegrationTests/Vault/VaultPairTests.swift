import CouchDB
import CouchSim
import Foundation
import Service
import Supervision
import Testing
import Vault

/// Pairs whose target is the vault, seen by `check`, `status` and `backup`.
@Suite(.timeLimit(.minutes(2)))
struct VaultPairTests {
    @Test func theFirstCheckBacksUpAndTheLightIsGood() async throws {
        try await withVaultPairScene { scene in
            let checked = try await scene.keeper.check()
            #expect(checked.exitCode == 0, "\(checked.details)")
            let pair = try #require(checked.report.pairs.first)
            #expect(pair.pair == "orders" && pair.target == "vault:orders")
            #expect(pair.lights.replicating.state == .ok && pair.lag.changes == 0)
            #expect(pair.lights.replicating.summary.hasPrefix("caught up, moment #1"), "\(pair.lights.replicating)")
            #expect(try await scene.moments().map(\.documents) == [5])

            try scene.production.fill("orders", prefix: "later", count: 2)
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.moments().map(\.documents) == [5, 7])

            // The status asks nobody.
            let stored = try await scene.keeper.check().report
            try await scene.production.stop()
            let status = try await scene.keeper.status()
            #expect(status.exitCode == 0 && status.report.pairs == stored.pairs)
        }
    }

    @Test func nothingNewAddsNoMoment() async throws {
        try await withVaultPairScene { scene in
            let began = Date()
            #expect(try await scene.keeper.checkHere(now: { began }).exitCode == 0)
            // Long behind its threshold, but looked at a moment ago.
            let later = began.addingTimeInterval(5 * 3600 + 1)
            let second = try await scene.keeper.checkHere(now: { later })
            #expect(second.exitCode == 0)
            let light = try #require(second.report.pairs.first?.lights.replicating)
            #expect(light.state == .ok)
            #expect(light.summary == "caught up, moment #1, 5 h old, confirmed 0 s ago", "\(light)")
            #expect(try await scene.moments().map(\.number) == [1])
            // Pending changes count from then on.
            try scene.configure(pair: "databases: [orders], mode: watch")
            try scene.production.fill("orders", prefix: "later", count: 2)
            let soon = try await scene.keeper.checkHere(now: { later.addingTimeInterval(60) })
            #expect(soon.report.pairs.first?.findings == [] && soon.report.pairs.first?.lag.changes == 2)
            try scene.configure()
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.moments().map(\.documents) == [5, 7])
            // A backup that somebody asked for is a moment.
            #expect(try await scene.keeper.run("backup").exitCode == 0)
            #expect(try await scene.moments().map(\.number) == [1, 2, 3])
        }
    }

    @Test(arguments: [("damaged", 15), ("key", 12)] as [(String, Int32)])
    func whatIsWrongWithTheVaultIsInTheCode(fault: String, code: Int32) async throws {
        try await withVaultPairScene { scene in
            for name in ["a.key", "b.key"] {
                let path = scene.keeper.folder.appending(path: name).path(percentEncoded: false)
                #expect(try await Program.run(["key", "new", path]).exitCode == 0)
            }
            if fault == "key" { try scene.configure(vault: ", key_file: a.key") }
            #expect(try await scene.keeper.check().exitCode == 0)
            let vault = try await Vault(at: scene.vault, create: false, now: Date())
            let folder = try #require(try await vault.entries().first?.folder)
            try scene.production.fill("orders", prefix: "later", count: 2)
            if fault == "damaged" {
                let file = try FileHandle(forWritingTo: URL(filePath: "\(scene.vault)/\(folder)/database.sqlite"))
                try file.seek(toOffset: 100)
                try file.write(contentsOf: Data(repeating: 0xa5, count: 40_000))
                try file.close()
            } else {
                try scene.configure(vault: ", key_file: b.key")
            }
            let checked = try await scene.keeper.check()
            #expect(checked.exitCode == code, "\(checked.details)")
            #expect(checked.finding(BackupFailed.name)?.severity == .critical)
            #expect(try await scene.keeper.status().exitCode == code)
        }
    }

    @Test func watchingOnlyLooks() async throws {
        try await withVaultPairScene { scene in
            try scene.configure(pair: "databases: [orders], mode: watch")
            let first = try await scene.keeper.check()
            #expect(first.exitCode == 20, "\(first.details)")
            #expect(first.report.pairs.first?.lights.replicating.summary == "there is no backup yet")
            #expect(!FileManager.default.fileExists(atPath: scene.vault))

            let backup = try await scene.keeper.run("backup")
            #expect(backup.exitCode == 0 && backup.output.contains("orders: moment #1, 5 documents"), "\(backup)")
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.fill("orders", prefix: "later", count: 2)
            let behind = try await scene.keeper.checkHere(now: { Date(timeIntervalSinceNow: 3 * 3600) })
            #expect(behind.exitCode == 1)
            let finding = try #require(behind.finding(BackupBehind.name))
            #expect(finding.severity == .critical && finding.summary.hasPrefix("2 changes of the source are not"))
            #expect(behind.report.pairs.first?.lights.replicating.state == .problem)
            #expect(behind.report.pairs.first?.lag.changes == 2)
            #expect(try await scene.moments().count == 1)
        }
    }

    @Test func aServerThatIsDownIsToldOnceForAllItsPairs() async throws {
        try await WebSink.run { web in
            try await withVaultPairScene { scene in
                scene.production.makeDatabases("invoices")
                try scene.configure(
                    pair: #"databases: ["*"]"#,
                    notify: "notify: { webhook: { url: \"http://127.0.0.1:\(web.port)/hook\" } }")
                #expect(try await scene.keeper.check().exitCode == 0)
                try await scene.production.stop()
                for _ in 0..<2 {
                    let down = try await scene.keeper.check()
                    #expect(down.exitCode == 13, "\(down.details)")
                    let failures = down.report.pairs.flatMap(\.findings).filter { $0.rule == BackupFailed.name }
                    // A pattern's databases can't be listed now; they are remembered.
                    #expect(down.report.pairs.map(\.pair).sorted() == ["invoices", "orders"])
                    #expect(failures.count == 2)
                    #expect(failures.allSatisfy { $0.cause == "\(ServerUnreachable.name) @ production" })
                    #expect(down.report.pairs.allSatisfy { $0.lights.replicating.state == .problem })
                    #expect(down.report.pairs.allSatisfy { $0.lag.changes == nil })
                }
                #expect(web.requests(to: "/hook").count == 1)
                let backup = try await scene.keeper.run("backup")
                #expect(backup.exitCode == 13 && backup.errors.contains("production"), "\(backup)")
                try await scene.production.start()
                try await Polling.until("the end is told", every: .milliseconds(200)) {
                    let checked = try await scene.keeper.check()
                    #expect(checked.exitCode == 0, "\(checked.details)")
                    return web.requests(to: "/hook").count > 1
                }
                #expect(web.requests(to: "/hook").count == 2)
            }
        }
    }

    /// What answers in the server's place, or with a lock, is found once, and one database is asked for.
    @Test(
        arguments: [
            (.page("<html>Bad Gateway</html>", status: 502), 13, ServerUnreachable.name),
            (.page("<html>Welcome</html>", status: 200), 13, ServerUnreachable.name),
            (.page("<html>Authorization Required</html>", status: 401), 13, ServerUnreachable.name),
            (.page("<html>Forbidden</html>", status: 403), 13, ServerUnreachable.name),
            (
                .failure(status: 403, error: "forbidden", reason: "Account is temporarily locked"), 12,
                CredentialsRejected.name
            ),
        ] as [(Fault.Effect, Int32, String)])
    func aServerThatAnswersOtherwiseIsToldOnceToo(effect: Fault.Effect, code: Int32, rule: String) async throws {
        try await withVaultPairScene { scene in
            scene.production.makeDatabases("invoices", "letters")
            try scene.configure(pair: "databases: [invoices, letters, orders]")
            #expect(try await scene.keeper.check().exitCode == 0)
            scene.production.faults.add(Fault(effect))
            scene.production.requests.reset()
            let checked = try await scene.keeper.check()
            #expect(checked.exitCode == code, "\(checked.details)")
            let failures = checked.report.pairs.flatMap(\.findings).filter { $0.rule == BackupFailed.name }
            #expect(failures.count == 3 && failures.allSatisfy { $0.cause == "\(rule) @ production" }, "\(failures)")
            // One of them is, again and again where that may help.
            #expect(scene.production.requests.counted.filter { $0.key.contains("{db}") }.values.reduce(0, +) <= 4)
            let backup = try await scene.keeper.run("backup")
            #expect(backup.exitCode == code, "\(backup)")
            scene.production.faults.removeAll()
            #expect(try await scene.keeper.check().exitCode == 0)
        }
    }

    @Test func aBackupOfAllNamesThePairWhoseSourceIsGone() async throws {
        try await withVaultPairScene { scene in
            scene.production.makeDatabases("invoices")
            try scene.production.fill("invoices", count: 2)
            try scene.configure(pair: #"databases: ["*"]"#)
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.dropDatabase("invoices")
            let backup = try await scene.keeper.run("backup")
            #expect(backup.exitCode == 0 && backup.output.contains("orders: moment #2"), "\(backup)")
            #expect(backup.errors.contains("invoices: its source is gone; its backup stays as it is"), "\(backup)")
            #expect(!backup.errors.contains("orders: its source"), "\(backup)")
        }
    }

    /// What CouchDB keeps back is told by each run that would read it.
    @Test func whatTheSourceKeepsBackIsTold() async throws {
        try await withVaultPairScene { scene in
            let reason = "Only admins can access _local_docs"
            scene.production.faults.add(
                Fault(.failure(status: 403, error: "forbidden", reason: reason), pathContains: "/_local_docs"))
            let checked = try await scene.keeper.check()
            #expect(checked.exitCode == 0, "\(checked.details)")
            let summary = checked.report.pairs.first?.lights.replicating.summary ?? ""
            #expect(summary.contains("; _local_docs could not be read"), "\(summary)")
            let backup = try await scene.keeper.run("backup")
            #expect(backup.exitCode == 0 && backup.output.contains("_local_docs could not be read"), "\(backup)")
            let json = try await scene.keeper.run("backup", "--json")
            #expect(json.exitCode == 0 && json.output.contains(reason), "\(json)")
        }
    }

    /// A server that is lost between two backups is asked once more, and not for each pair.
    @Test func aServerThatLocksUsOutMeanwhileIsNotAskedForEachPair() async throws {
        try await withVaultPairScene { scene in
            let names = (10..<40).map { "user-\($0)" }
            for name in names { scene.production.makeDatabases(name) }
            try scene.configure(pair: #"databases: ["user-*"]"#)
            scene.production.requests.reset()
            scene.production.faults.add(
                Fault(.failure(status: 403, error: "forbidden", reason: "Account is temporarily locked"), after: 40))
            let backup = try await scene.keeper.run("backup", "--json")
            #expect(backup.exitCode == 12, "\(backup.errors)")
            #expect(backup.errors.split(separator: "\n").count { $0.contains("user-39") } == 1, "\(backup.errors)")
            // Those that were under way, and the server itself for each of them.
            #expect(scene.production.requests.total < 80, "\(scene.production.requests.counted)")
            scene.production.faults.removeAll()
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.moments(of: "user-39").count == 1)
        }
    }

    @Test func aServerThatIsDownLeavesNoVaultBehind() async throws {
        try await withVaultPairScene { scene in
            try await scene.production.stop()
            #expect(try await scene.keeper.check().exitCode == 13)
            #expect(try await scene.keeper.run("backup").exitCode == 13)
            #expect(!FileManager.default.fileExists(atPath: scene.vault))
        }
    }

    @Test func aDatabaseThatVanishedStaysAPair() async throws {
        try await withVaultPairScene { scene in
            scene.production.makeDatabases("invoices")
            try scene.configure(pair: #"databases: ["*"]"#)
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.dropDatabase("orders")
            for _ in 0..<2 {
                let checked = try await scene.keeper.check()
                #expect(checked.exitCode == 1)
                #expect(checked.alarms == ["\(SourceMissing.name) @ orders"], "\(checked.alarms)")
            }
            #expect(try await scene.moments().count == 1)
        }
    }

    @Test(arguments: [false, true])
    func aDatabaseOfTheSameNameOnAnotherServerEndsNoPast(losesReport: Bool) async throws {
        try await withSimulatedServer { branch in
            try await withVaultPairScene { scene in
                #expect(try await scene.keeper.check().exitCode == 0)
                branch.makeDatabases("orders")
                try branch.fill("orders", count: 3)
                let servers = [("production", scene.production), ("branch", branch)].map { name, simulated in
                    let server = ConfigurationText.Server(simulated)
                    return "\(name): { url: \"\(server.url)\", user: \"\(server.user)\", "
                        + "password: \"\(server.password)\" }"
                }
                // The newcomer comes first.
                try scene.keeper.configure(
                    """
                    servers: { \(servers.joined(separator: ", ")) }
                    pairs:
                      - { source: branch, target: vault, databases: [orders] }
                      - { source: production, target: vault, databases: [orders] }
                    unprotected: { report: false }
                    vault: { path: "\(scene.vault)" }
                    """)
                try scene.production.fill("orders", prefix: "later", count: 2)
                for _ in 0..<2 {
                    if losesReport { try FileManager.default.removeItem(atPath: scene.keeper.state) }
                    let checked = try await scene.keeper.check()
                    #expect(checked.report.pairs.map(\.pair) == ["branch/orders", "orders"], "\(checked.details)")
                    #expect(checked.exitCode == 0)
                }
                #expect(try await scene.moments().map(\.documents) == [5, 7])
                #expect(try await scene.moments(of: "branch/orders").map(\.documents) == [3])
                // So they are called by the other commands.
                #expect(try await scene.keeper.run("backup").exitCode == 0)
                #expect(try await scene.keeper.run("verify", "orders").exitCode == 0)
                #expect(try await scene.moments().map(\.documents) == [5, 7, 7])
                #expect(try await scene.moments(of: "branch/orders").map(\.documents) == [3, 3])
                try scene.configure()
                #expect(try await scene.keeper.check().report.pairs.map(\.pair) == ["orders"])
            }
        }
    }

    @Test func aSourceThatHidesADocumentMakesAnIncompleteBackup() async throws {
        try await withVaultPairScene { scene in
            scene.production.faults.add(Fault(.documentMissing(id: "document-3"), database: "orders"))
            let checked = try await scene.keeper.check()
            #expect(checked.exitCode == 1)
            let finding = try #require(checked.finding(BackupIncomplete.name), "\(checked.details)")
            #expect(finding.summary.hasPrefix("1 revision of the source could not be copied"))
            #expect(checked.finding(BackupFailed.name) == nil)
            let backup = try await scene.keeper.run("backup", "--json")
            #expect(backup.exitCode == 3 && backup.output.contains(#""result" : "incomplete""#), "\(backup)")
            #expect(backup.errors.contains("“document-3”"), "\(backup)")
            scene.production.faults.removeAll()
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.moments().last?.documents == 5)
        }
    }

    @Test func aVaultThatIsDamagedIsAFindingOfThePairAndOneThatIsWrittenToIsNoProblem() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            let vault = try await Vault(at: scene.vault, create: false, now: Date())
            let writer = try await vault.database("orders", isWriting: true, now: Date())
            let locked = try await scene.keeper.check()
            #expect(locked.finding(BackupRunning.name)?.summary.contains("another couchkeep writes to it") == true)
            #expect(locked.exitCode == 0 && locked.alarms == [], "\(locked.details)")
            #expect(try await scene.keeper.run("backup").exitCode == 11)
            try await writer.close()
            #expect(try await scene.keeper.check().exitCode == 0)

            let catalogue = scene.vault + "/catalogue.sqlite"
            try Data(repeating: 7, count: 8192).write(to: URL(filePath: catalogue))
            let damaged = try await scene.keeper.check()
            #expect(damaged.exitCode == 15)
            let finding = try #require(damaged.finding(BackupFailed.name), "\(damaged.details)")
            #expect(finding.severity == .critical && finding.cause == nil)
            #expect(damaged.report.pairs.first?.lights.replicating.state == .problem)
        }
    }

    @Test func theConfiguredKeyIsUsedAndAWrongOneIsToldAsSuch() async throws {
        try await withVaultPairScene { scene in
            for name in ["a.key", "b.key"] {
                let path = scene.keeper.folder.appending(path: name).path(percentEncoded: false)
                #expect(try await Program.run(["key", "new", path]).exitCode == 0)
            }
            try scene.configure(vault: ", key_file: a.key")
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await scene.keeper.run("vault", "diff", "orders", "#1", "#1").exitCode == 0)
            try scene.configure(vault: ", key_file: b.key")
            let wrong = try await scene.keeper.check()
            #expect(wrong.finding(BackupFailed.name)?.summary.contains("[vault-wrong-key]") == true)
            #expect(try await scene.keeper.run("backup").exitCode == 12)
            try scene.configure(vault: ", key_file: none.key")
            #expect(try await scene.keeper.run("backup").exitCode == 12)
            #expect(try await scene.moments().count == 1)
        }
    }

    @Test func aPruneTakesTheConfiguredRules() async throws {
        try await withVaultPairScene { scene in
            for _ in 0..<3 { #expect(try await scene.keeper.run("backup").exitCode == 0) }
            let refused = try await scene.keeper.run("vault", "prune", "orders")
            #expect(refused.exitCode == 16, "\(refused)")
            try scene.configure(vault: ", keep: { last: 1 }")
            let plan = try await scene.keeper.run("vault", "prune")
            #expect(plan.exitCode == 0 && plan.output.contains("2 moments would be dropped"), "\(plan)")
            #expect(try await scene.moments().count == 3)
            let done = try await scene.keeper.run("vault", "prune", "--confirm")
            #expect(done.exitCode == 0 && done.output.contains("Dropped 2 moments"), "\(done)")
            #expect(try await scene.moments().map(\.number) == [3])
        }
    }

    @Test func aBackupWithoutAnythingToBackUpSaysSo() async throws {
        try await withVaultPairScene { scene in
            try scene.configure(pair: "databases: [orders], mode: off")
            #expect(try await scene.keeper.run("backup").exitCode == 2)
            #expect(try await scene.keeper.run("backup", "--continuous").exitCode == 2)
            #expect(try await scene.keeper.check().report.pairs.first?.lights.replicating.state == .off)
            #expect(!FileManager.default.fileExists(atPath: scene.vault))
        }
    }
}
