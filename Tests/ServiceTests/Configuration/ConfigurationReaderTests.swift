import CouchDB
import Secrets
import Service
import Testing

@Suite("Configuration: what a good file means")
struct ConfigurationReaderTests {
    @Test func defaults() throws {
        let loaded = try Samples.read(Samples.minimal)
        let configuration = loaded.configuration
        #expect(configuration.servers.map(\.name) == ["production", "standby"])
        let url = try ServerURL("https://couch1.example.org:6984")
        #expect(configuration.server(named: "production") == ServerConfiguration(name: "production", url: url))
        #expect(
            configuration.pairs == [
                PairConfiguration(
                    source: "production", target: .server("standby"),
                    databases: DatabaseSelection([.include(Glob("*"))]))
            ])
        #expect(configuration.pairs[0].mode == .manage)
        #expect(configuration.pairs[0].runOn == .target)
        #expect(configuration.pairs[0].createTarget)
        #expect(configuration.unprotected == UnprotectedConfiguration())
        #expect(configuration.notify == NotifyConfiguration())
        #expect(configuration.vault == nil && configuration.verify == nil && configuration.state == nil)
        #expect(configuration.drill == nil)
        #expect(loaded.warnings.map(\.code) == [.doubtful])
    }

    @Test func aByteOrderMarkIsNoText() throws {
        let marked = "\u{FEFF}" + Samples.minimal
        #expect(try Samples.read(marked).configuration == Samples.read(Samples.minimal).configuration)
        #expect(try Samples.read(marked).positions == Samples.read(Samples.minimal).positions)
    }

    @Test func everything() throws {
        let loaded = try Samples.read(Samples.full)
        let configuration = loaded.configuration
        #expect(
            configuration.server(named: "production")
                == ServerConfiguration(
                    name: "production", url: try ServerURL("https://couch1.example.org:6984/couch"), user: "backup",
                    password: .file("/run/credentials/couchkeep/production"), authentication: .session,
                    caFile: "/etc/couchkeep/certificates/ca.pem", replicationURL: try ServerURL("http://10.0.0.7:5984"),
                    replicationUser: "replicator", replicationPassword: .command(["vault", "read", "couch"]),
                    connectTimeout: .seconds(5), readTimeout: .seconds(120)))
        #expect(configuration.server(named: "standby")?.token == .environment("STANDBY_TOKEN"))

        var thresholds = ThresholdConfiguration()
        thresholds.lagCritical = .seconds(7200)
        thresholds.pendingFor = .seconds(90 * 60)
        thresholds.stalledFor = .seconds(20 * 60)
        thresholds.crashesPerHour = 5
        thresholds.massDeletion = try #require(Percentage(text: "0.5%"))
        var repairs = RepairConfiguration()
        repairs.backoff = .seconds(30)
        repairs.maxBackoff = .seconds(7 * 86_400)
        #expect(configuration.pairs[1].thresholds == thresholds)
        #expect(configuration.pairs[1].repairs == repairs)
        #expect(configuration.pairs[1].mode == .off)

        thresholds.lagWarning = .seconds(1800)
        thresholds.changesCritical = 1000
        repairs.perHour = 1
        let rename = try #require(RenameTemplate(text: "from-{name}"))
        #expect(
            configuration.pairs[0]
                == PairConfiguration(
                    source: "production", target: .server("standby"),
                    databases: DatabaseSelection(
                        [
                            .include(Glob("*")), .exclude(Glob("scratch-*")), .named("scratch-keep", target: nil),
                            .named("orders", target: "orders_backup"), .named("_users", target: nil),
                        ], rename: rename),
                    runOn: .source, mode: .watch, createTarget: false, thresholds: thresholds, repairs: repairs))
        #expect(configuration.unprotected == UnprotectedConfiguration(ignore: [Glob("scratch"), Glob("test-*")]))
        #expect(
            configuration.notify
                == NotifyConfiguration(
                    email: EmailConfiguration(
                        host: "smtp.example.org", port: 465, tls: .implicit, user: "couchkeep",
                        password: .environment("SMTP_PASSWORD"), from: "Couchkeep <couchkeep@example.org>",
                        to: ["ops@example.org", "dba@example.org"], caFile: "/etc/ssl/mail.pem"),
                    webhook: WebhookConfiguration(
                        url: .file("/etc/couchkeep/webhook-url"),
                        headers: [
                            "Authorization": .file("/etc/couchkeep/token"), "X-Team": .environment("TEAM"),
                            "X-Key": .command(["pass"]),
                        ], caFile: "/etc/couchkeep/hooks.pem"),
                    command: CommandConfiguration(
                        argv: ["/usr/local/bin/page", "--team", "db"], timeout: .seconds(10)),
                    heartbeat: HeartbeatConfiguration(
                        url: .environment("HEARTBEAT_URL"), every: .seconds(900), caFile: "/etc/ssl/hc.pem"),
                    remindAfter: .seconds(4 * 3600)))
        var keep = VaultConfiguration.Keep()
        keep.within = .seconds(7 * 86_400)
        keep.daily = 30
        keep.monthly = 12
        #expect(
            configuration.vault
                == VaultConfiguration(path: "/srv/vault", key: .key(.file("/etc/couchkeep/vault.key")), keep: keep))
        #expect(
            configuration.verify
                == VerifyConfiguration(
                    revisions: .seconds(86_400), bodies: .init(share: Percentage(1), frequency: .daily)))
        #expect(configuration.drill == DrillConfiguration(every: .seconds(7 * 86_400), server: "standby"))
        #expect(configuration.state == "/etc/couchkeep/state")
        #expect(loaded.secrets.count == 10)
        #expect(loaded.warnings == [])
    }

    @Test func drillsWithoutAScheduleAreDoubtful() throws {
        func read(_ drill: String) throws -> (DrillConfiguration?, [ConfigurationIssue]) {
            let loaded = try Samples.read(Samples.minimal + "\nnotify: { command: { argv: [x] } }\ndrill: { \(drill) }")
            return (loaded.configuration.drill, loaded.warnings)
        }
        let (idle, warnings) = try read("server: standby")
        #expect(idle == DrillConfiguration(server: "standby"))
        #expect(warnings.map(\.code) == [.doubtful] && warnings.first?.position?.line == 9, "\(warnings)")
        let (off, none) = try read("every: off, server: standby")
        #expect(off == idle && none == [])
        let (hourly, _) = try read("every: 1h, budget: 2h")
        #expect(hourly == DrillConfiguration(every: .seconds(3600), budget: .seconds(7200)))
    }

    @Test func inlineSecretsAndUserInURL() throws {
        let loaded = try Samples.read(
            """
            servers:
              a: { url: "https://admin:p%40ss@couch1/" }
              b: { url: "https://couch2", user: backup, password: 12345 }
            pairs: [{ source: a, target: b, databases: [orders] }]
            """)
        let a = try #require(loaded.configuration.server(named: "a"))
        #expect("\(a.url)" == "https://couch1")
        #expect(a.user == "admin")
        #expect(a.password == .inline(Secret("p@ss")))
        #expect(loaded.configuration.server(named: "b")?.password == .inline(Secret("12345")))
        #expect(loaded.secrets.map(\.path) == ["servers.a.url", "servers.b.password"])
    }

    @Test func mailIsEncryptedUnlessToldOtherwise() throws {
        func tls(_ smtp: String) throws -> EmailConfiguration.TLS? {
            try Samples.read(
                Samples.minimal + "\nnotify: { email: { smtp: \(smtp), from: a@example.org, to: [b@example.org] } }"
            ).configuration.notify.email?.tls
        }
        #expect(try tls("mail:587") == .starttls)
        #expect(try tls("mail:465") == .implicit)
        #expect(try tls("mail:25, tls: none") == EmailConfiguration.TLS.none)
    }

    /// YAML 1.1 would take some of these for booleans and numbers.
    @Test func wordsStayWords() throws {
        let loaded = try Samples.read(
            """
            servers:
              "1": { url: "http://a" }
              no: { url: "http://b" }
            pairs: [{ source: 1, target: no, databases: [on, off, y], mode: off }]
            """)
        #expect(loaded.configuration.servers.map(\.name) == ["1", "no"])
        #expect(loaded.configuration.pairs[0].databases.explicitNames == ["on", "off", "y"])
        #expect(loaded.configuration.pairs[0].mode == .off)
    }

    @Test func anchorsMayBeUsed() throws {
        let loaded = try Samples.read(
            """
            servers: { a: { url: "http://a" }, b: { url: "http://b" }, c: { url: "http://c" } }
            pairs:
              - { source: a, target: b, databases: &which [orders, "t*"] }
              - { source: a, target: c, databases: *which }
            """)
        #expect(loaded.configuration.pairs[0].databases == loaded.configuration.pairs[1].databases)
    }

    /// A file that nests without end, or repeats itself without end, must not bring the program down.
    @Test(arguments: [
        String(repeating: "[", count: 100_000), String(repeating: "a: {", count: 5000),
        String(repeating: "- ", count: 20_000),
    ])
    func nesting(text: String) {
        #expect(!Samples.issues(in: text).isEmpty)
    }

    @Test func bombOfAliases() {
        var text = "a0: &a0 [x, x]\n"
        for level in 1...30 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        let issues = Samples.issues(in: text)
        #expect(issues.contains { $0.code == .unknownKey })
    }
}
