import CouchDB
import CouchSim
import Foundation
import NIOHTTP1
import Secrets
import Testing

/// Everything is run with known secrets, in good times and bad, and then all that anybody could get to see is searched
/// for them. They may stand in the configuration and in replication documents, and nowhere else.
@Suite(.timeLimit(.minutes(5)))
struct SecretsTests {
    private let secrets = KnownSecrets(
        "production password", "standby password", "replication password", "other server's token", "SMTP password",
        "webhook URL", "webhook header", "heartbeat URL", "init URL", "foreign document", "password in a file",
        "password in the environment", "password from a command")

    /// What was seen, by where.
    private struct Seen {
        var texts: [(where: String, data: Data)] = []

        mutating func add(_ place: String, _ text: String) { texts.append((place, Data(text.utf8))) }

        mutating func add(_ command: [String], _ situation: String, _ run: Program.Run) {
            let place = "\(command.joined(separator: " ")), \(situation)"
            add("\(place): standard output", run.output)
            add("\(place): standard error", run.errors)
        }
    }

    private static let commands = [
        ["check"], ["check", "--json"], ["check", "--quiet"], ["check", "--dry-run"], ["check", "--dry-run", "--json"],
        ["check", "--adopt", "--json"], ["status"], ["status", "--json"], ["config", "check"],
        ["config", "check", "--offline"], ["config", "show"], ["alert", "test"], ["alert", "list"],
    ]

    @Test func noSecretShowsAnywhere() async throws {
        var first = ServerOptions()
        first.password = Secret(secrets["production password"])
        first.users = [.init("copier", password: Secret(secrets["replication password"]), roles: ["_admin"])]
        var second = ServerOptions()
        second.password = Secret(secrets["standby password"])
        try await withSimulatedServers(first, second) { production, standby in
            try await SMTPSink.run { mail in
                try await WebSink.run { web in
                    try await withKeeper { keeper in
                        var seen = Seen()
                        production.makeDatabases("orders", "foreign")
                        try production.fill("orders", count: 5)
                        standby.makeDatabases("foreign")
                        try writeForeignDocument(production, standby)
                        try keeper.configure(try configuration(production, standby, mail, web, keeper))
                        try await run(keeper, "good", into: &seen)
                        try await runBadly(keeper, production, standby, web, into: &seen)
                        try await runInit(keeper, production, standby, into: &seen)
                        try collect(keeper, mail, web, into: &seen)
                        try expectThatSecretsWereInPlay(keeper, standby, mail, web)
                        for (place, data) in seen.texts {
                            let found = secrets.found(in: data)
                            #expect(found.isEmpty, "\(place): \(String(decoding: data.prefix(4000), as: UTF8.self))")
                        }
                        print(
                            "[secrets] searched \(seen.texts.count) texts and files for \(secrets.values.count) secrets"
                        )
                    }
                }
            }
        }
    }

    /// A replication of somebody else with the password inside of the URL.
    private func writeForeignDocument(_ production: SimulatedServer, _ standby: SimulatedServer) throws {
        production.setPassword(Secret(secrets["foreign document"]), of: "foreigner")
        let url = "http://foreigner:\(secrets.escaped("foreign document"))@127.0.0.1"
        try standby.put(
            "theirs",
            [
                "source": .string("\(url):\(production.port)/foreign"),
                "target": .string("\(url):\(standby.port)/foreign"), "continuous": true, "filter": "not/there",
            ], in: "_replicator")
    }

    private func configuration(
        _ production: SimulatedServer, _ standby: SimulatedServer, _ mail: SMTPSink, _ web: WebSink, _ keeper: Keeper
    ) throws -> String {
        // The command is given no secret; it notes what a process list would show.
        let spy = try keeper.write(
            """
            #!/bin/sh
            cat
            env
            tr '\\0' ' ' < /proc/$$/cmdline
            tr '\\0' ' ' < /proc/$PPID/cmdline
            """, to: "spy.sh", mode: 0o700)
        let script = try keeper.write(
            "#!/bin/sh\n\(spy) >> \(keeper.folder.path)/spied\nexit $(cat \(keeper.folder.path)/code)\n", to: "tell",
            mode: 0o700)
        try keeper.write("0", to: "code")
        let file = try keeper.write(secrets["standby password"], to: "standby.password")
        let command = try keeper.write("#!/bin/sh\ncat \(keeper.folder.path)/header\n", to: "header.sh", mode: 0o700)
        try keeper.write(secrets["webhook header"], to: "header")
        return """
            servers:
              production:
                url: "\(production.baseURL)"
                user: admin
                password: "\(secrets["production password"])"
                replication_user: copier
                replication_password_env: COPIER_PASSWORD
              standby: { url: "\(standby.baseURL)", user: admin, password_file: "\(file)" }
              other: { url: "http://127.0.0.1:9", token: "\(secrets["other server's token"])" }
            pairs:
              - { source: production, target: standby, databases: [orders, foreign] }
              - { source: other, target: standby, databases: [elsewhere] }
            repairs: { backoff: 1s, per_hour: 1000 }
            notify:
              email:
                smtp: "127.0.0.1:\(mail.port)"
                tls: none
                user: mailer
                password: "\(secrets["SMTP password"])"
                from: couchkeep@example.org
                to: [ops@example.org]
              webhook:
                url: "http://127.0.0.1:\(web.port)/hook/\(secrets.escaped("webhook URL"))"
                headers: { X-Token: { command: ["\(command)"] } }
              command: { argv: ["\(script)"] }
              heartbeat: { url: "http://127.0.0.1:\(web.port)/beat/\(secrets.escaped("heartbeat URL"))", every: 1s }

            """
    }

    private var environment: [String: String] { ["COPIER_PASSWORD": secrets["replication password"]] }

    private func run(_ keeper: Keeper, _ situation: String, into seen: inout Seen) async throws {
        for command in Self.commands {
            let run = try await Program.run(command + ["--config", keeper.file], environment: environment)
            seen.add(command, situation, run)
        }
    }

    private func runBadly(
        _ keeper: Keeper, _ production: SimulatedServer, _ standby: SimulatedServer, _ web: WebSink,
        into seen: inout Seen
    ) async throws {
        // Channels fail, and repeat what they were sent.
        web.answer(.unauthorized)
        try keeper.write("7", to: "code")
        try await run(keeper, "channels fail", into: &seen)
        web.answer(.ok)
        try keeper.write("0", to: "code")
        production.faults.add(Fault(.page("<html>Intranet</html>", status: 200)))
        try await run(keeper, "a page instead of CouchDB", into: &seen)
        production.faults.removeAll()
        production.setPassword(Secret("another"), of: "admin")
        try await run(keeper, "password rejected", into: &seen)
        production.setPassword(Secret(secrets["production password"]), of: "admin")
        try await standby.stop()
        try await run(keeper, "target down", into: &seen)
        try await standby.start()
        for id in try standby.leaves(of: "_replicator").keys where id.hasPrefix("couchkeep-") {
            try standby.delete(id, in: "_replicator")
        }
        try await run(keeper, "replication deleted", into: &seen)
        // A secret that can't be had, and one that can't be sent.
        let bare = try await Program.run(["check", "--config", keeper.file])
        // Another server is down as well, so it is not the secret alone.
        #expect(bare.exitCode == 1 && bare.output.contains("secret-unavailable"), "\(bare)")
        seen.add(["check"], "no environment", bare)
        let broken = try String(contentsOfFile: keeper.file, encoding: .utf8)
            .replacing("user: admin", with: "usr: admin").replacing("url: \"http", with: "url: \"htp")
        let file = try keeper.write(broken, to: "broken.yaml")
        for command in [["check"], ["config", "check"], ["config", "show"]] {
            let run = try await Program.run(command + ["--config", file], environment: environment)
            #expect(run.exitCode == 2)
            seen.add(command, "broken configuration", run)
        }
        let exposed = try keeper.write(
            try String(contentsOfFile: keeper.file, encoding: .utf8), to: "exposed.yaml", mode: 0o644)
        seen.add(["check"], "exposed", try await Program.run(["check", "--config", exposed], environment: environment))
    }

    private func runInit(
        _ keeper: Keeper, _ production: SimulatedServer, _ standby: SimulatedServer, into seen: inout Seen
    ) async throws {
        production.setPassword(Secret(secrets["init URL"]), of: "founder")
        production.setPassword(Secret(secrets["password in the environment"]), of: "second")
        let url = "http://founder:\(secrets.escaped("init URL"))@127.0.0.1:\(production.port)"
        let file = try keeper.write(secrets["standby password"], to: "init.password")
        let target = [standby.baseURL, "--target-user", "admin", "--target-password-file", file]
        var command = ["init", url] + target + ["--output", "first.yaml"]
        let good = try await Program.run(command, in: keeper.folder)
        #expect(good.exitCode == 0, "\(good)")
        #expect(good.errors.contains("warning"), "\(good.errors)")
        seen.add(["init"], "password in the URL", good)
        #expect(
            try String(contentsOfFile: keeper.folder.path + "/first.yaml", encoding: .utf8).contains(
                secrets["init URL"]))
        seen.add(["init"], "again", try await Program.run(command, in: keeper.folder))
        command[1] = "http://founder:\(secrets.escaped("init URL"))@127.0.0.1:9"
        seen.add(["init"], "nobody there", try await Program.run(command, in: keeper.folder))
        command[1] = "htp://founder:\(secrets.escaped("init URL"))@127.0.0.1"
        seen.add(["init"], "bad URL", try await Program.run(command, in: keeper.folder))
        command[1] = "http://founder:\(secrets.escaped("init URL"))x@127.0.0.1:\(production.port)"
        command[command.count - 1] = "second.yaml"
        let rejected = try await Program.run(command, in: keeper.folder)
        #expect(rejected.exitCode == 12)
        seen.add(["init"], "rejected", rejected)
        let fromEnvironment = try await Program.run(
            ["init", production.baseURL, "--source-user", "second", "--source-password-env", "SECOND"] + target
                + ["--output", "third.yaml"], environment: ["SECOND": secrets["password in the environment"]],
            in: keeper.folder)
        #expect(fromEnvironment.exitCode == 0, "\(fromEnvironment)")
        seen.add(["init"], "from the environment", fromEnvironment)
        // Only the name of the variable is written down.
        seen.add("third.yaml", try String(contentsOfFile: keeper.folder.path + "/third.yaml", encoding: .utf8))
    }

    /// What was left behind and what was sent.
    private func collect(_ keeper: Keeper, _ mail: SMTPSink, _ web: WebSink, into seen: inout Seen) throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: keeper.state) {
            let data = FileManager.default.contents(atPath: "\(keeper.state)/\(name)") ?? Data()
            seen.texts.append(("state/\(name)", data))
        }
        #expect(seen.texts.contains { $0.where == "state/state.sqlite" && !$0.data.isEmpty })
        for message in mail.mails {
            seen.add("mail", message.source)
            seen.add("mail's text", message.subject + message.text)
        }
        for request in web.requests { seen.add("webhook's body", request.body) }
        seen.add("what the command saw", try String(contentsOfFile: keeper.folder.path + "/spied", encoding: .utf8))
    }

    /// The search is worth something only where the secrets were used.
    private func expectThatSecretsWereInPlay(
        _ keeper: Keeper, _ standby: SimulatedServer, _ mail: SMTPSink, _ web: WebSink
    ) throws {
        #expect(try standby.documentCount(of: "orders") == 5)
        #expect(mail.mails.contains { $0.user == "mailer" })
        #expect(
            web.requests(to: "/hook/\(secrets.escaped("webhook URL"))").contains {
                $0.headers["x-token"].map { Data($0.utf8) } == Data(secrets["webhook header"].utf8)
            })
        let spied = try String(contentsOfFile: keeper.folder.path + "/spied", encoding: .utf8)
        #expect(spied.contains("couchkeep check") && spied.contains("COUCHKEEP_SUBJECT="))
    }
}
