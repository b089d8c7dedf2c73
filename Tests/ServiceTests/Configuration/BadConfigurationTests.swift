import Service
import Testing

@Suite("Configuration: what is wrong with a bad file, and where")
struct BadConfigurationTests {
    /// A bad text and all that is to be said about it, as `line:column code`.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let expected: [String]
        /// Parts of the messages and next steps.
        let words: [String]
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ expected: [String], _ words: String...) {
            self.name = name
            self.text = text
            self.expected = expected
            self.words = words
        }

        /// Lines after good servers and in front of nothing; they begin in line 4.
        static func file(_ name: String, _ rest: String, _ expected: [String], _ words: String...) -> Case {
            Case(name, "servers:\n  a: { url: \"http://a\" }\n  b: { url: \"http://b\" }\n" + rest, expected, words)
        }

        /// Keys of a pair; they begin in line 7.
        static func pair(_ name: String, _ keys: String, _ expected: [String], _ words: String...) -> Case {
            let start = "servers:\n  a: { url: \"http://a\" }\n  b: { url: \"http://b\" }\npairs:\n  - source: a\n"
            return Case(name, start + "    target: b\n" + keys, expected, words)
        }

        /// Keys of server `a`; they begin in line 3, at column 5.
        static func server(_ name: String, _ keys: String, _ expected: [String], _ words: String...) -> Case {
            let end = "\n  b: { url: \"http://b\" }\npairs: [{ source: a, target: b, databases: [x] }]"
            return Case(name, "servers:\n  a:\n" + keys + end, expected, words)
        }

        /// A file that is good, and then these lines, which begin in line 8.
        static func after(_ name: String, _ rest: String, _ expected: [String], _ words: String...) -> Case {
            Case(name, Samples.minimal + "\n" + rest, expected, words)
        }

        private init(_ name: String, _ text: String, _ expected: [String], _ words: [String]) {
            self.name = name
            self.text = text
            self.expected = expected
            self.words = words
        }
    }

    static let cases: [Case] =
        syntax + [
            .after("unknown key", "notfy: { }", ["8:1 unknown-key"], "\"notfy\"", "did you mean notify?"),
            .after(
                "unknown key without a likeness", "frobnicate: 1", ["8:1 unknown-key"],
                "the keys here are servers, pairs"),
            .server(
                "unknown key of a server", "    url: http://a\n    user: u\n    pasword_file: /x",
                ["3:5 missing-key", "5:5 unknown-key"], "in servers.a", "did you mean password_file?"),
            .server("key twice", "    url: http://a\n    url: http://c", ["4:5 duplicate-key"], "first in line 3"),
            Case(
                "server twice",
                "servers:\n  a: { url: \"http://a\" }\n  b: { url: \"http://b\" }\n  a: { url: \"http://c\" }\n"
                    + "pairs: [{ source: a, target: b, databases: [x] }]",
                ["4:3 duplicate-key"], "\"a\" stands twice in servers, first in line 2"),
            Case(
                "one server under two names",
                "servers:\n  a: { url: \"http://couch\" }\n  b: { url: \"HTTP://Couch:80/\" }\n"
                    + "pairs: [{ source: a, target: b, databases: [x] }]",
                ["3:8 duplicate-server"], "same URL as servers.a"),
            .server("no URL", "    user: u\n    password_env: X", ["3:5 missing-key"], "servers.a.url is missing"),
            .server(
                "URL without scheme", "    url: couch1.example.org:6984", ["3:10 invalid-value"], "has no scheme"),
            .server("URL of another kind", "    url: ftp://a", ["3:10 invalid-value"], "ftp"),
            .server("bad port", "    url: http://a:0", ["3:10 invalid-value"], "port"),
            .server("list for text", "    url: [http://a]", ["3:10 wrong-type"], "not a list"),
            .server("nothing for text", "    url:", ["3:5 wrong-type"], "servers.a.url has no value"),
            .server("mapping for text", "    url: { x: y }", ["3:10 wrong-type"], "not a mapping"),
            .server(
                "duration without unit", "    url: http://a\n    read_timeout: 30", ["4:19 invalid-value"],
                "\"30\" is not a duration such as 30s, 5m, 1h or 7d"),
            .server(
                "two passwords", "    url: http://a\n    user: u\n    password: x\n    password_file: /x",
                ["6:5 conflicting-keys"], "both password and password_file"),
            .server(
                "token and user", "    url: http://a\n    user: u\n    password_env: X\n    token_env: Y",
                ["3:5 conflicting-keys"], "both a token and a user"),
            .server(
                "user in URL and in a key", "    url: http://u:p@a\n    user: v\n    password_env: X",
                ["3:5 conflicting-keys"], "take user and password out of the URL"),
            .server("password without user", "    url: http://a\n    password_env: X", ["3:5 missing-key"], "no user"),
            .server("user without password", "    url: http://a\n    user: x", ["3:5 missing-key"], "no password"),
            .server(
                "half a replication account", "    url: http://a\n    replication_user: x", ["3:5 missing-key"],
                "only one of replication_user and replication_password"),
            .server(
                "no environment variable", "    url: http://a\n    user: u\n    password_env: my secret!",
                ["5:19 invalid-value"], "no name of an environment variable"),
            .server(
                "command as a text", "    url: http://a\n    user: u\n    password_command: pass show x",
                ["5:23 wrong-type"], "must be a list"),
            .server(
                "path of a shell", "    url: http://a\n    ca_file: ~/ca.pem", ["4:14 invalid-value"], "only a shell"),
            .server(
                "choice", "    url: http://a\n    auth: sesion", ["4:11 invalid-value"], "did you mean session?"),
            Case(
                "bad names of servers",
                "servers:\n  a b: { url: \"http://a\" }\n  vault: { url: \"http://b\" }\n"
                    + "pairs: [{ source: a b, target: vault, databases: [x] }]",
                ["2:3 invalid-value", "3:3 invalid-value"], "can't be called vault"),
        ] + pairs + others

    private static let syntax: [Case] = [
        Case("nothing", "", ["- missing-key"], "couchkeep init"),
        Case("comments only", "# nothing\n", ["- missing-key"]),
        Case("a text", "hello", ["1:1 wrong-type"], "must be a mapping of keys to values, not a text"),
        Case("a list", "- a\n- b", ["1:1 wrong-type"], "not a list"),
        Case("nothing of what is needed", "state: /x", ["1:1 missing-key", "1:1 missing-key"], "servers", "pairs"),
        Case("two documents", "a: 1\n---\nb: 2", ["2:1 syntax"]),
        Case("bad indentation", "servers:\n  a: {}\n b: {}", ["3:2 syntax"]),
        Case("open quote", "servers: \"a", ["1:12 syntax"]),
        .pair("star without quotes", "    databases: [*]", ["7:18 syntax"], "in quotes"),
        .pair("tag with a star", "    databases: [x, !test-*]", ["7:27 syntax"], "and \"!test-*\" in quotes"),
        .pair(
            "tag", "    databases:\n      - x\n      - !test", ["9:9 wrong-type"], "takes \"!test\" for a tag",
            "in quotes: \"!test\""),
        Case(
            "key that is a list", "[a, b]: 1\nservers: {}\npairs: []",
            [
                "1:1 wrong-type", "2:1 missing-key", "3:1 missing-key",
            ], "a key is not a text"),
        Case(
            "keys twice, and more", "state: /a\nstate: /b\nvault: {path: /x, path: /y, pat: /z}\n'state': /c",
            [
                "1:1 missing-key", "1:1 missing-key", "2:1 duplicate-key", "3:19 duplicate-key", "3:29 unknown-key",
                "4:1 duplicate-key",
            ]),
    ]

    private static let pairs: [Case] = [
        .file("no pairs", "", ["1:1 missing-key"], "pairs is missing"),
        .file("empty pairs", "pairs: []", ["4:1 missing-key"], "names nothing to back up"),
        .file("pairs as mapping", "pairs: { source: a }", ["4:8 wrong-type"], "must be a list, not a mapping"),
        .file("pair as text", "pairs: [x]", ["4:9 wrong-type"], "pairs[0] must be a mapping"),
        .file(
            "empty pair", "pairs:\n  - mode: watch", ["5:5 missing-key", "5:5 missing-key", "5:5 missing-key"],
            "pairs[0].source is missing", "pairs[0].target is missing", "pairs[0].databases is missing"),
        .file(
            "undefined server", "pairs:\n  - { source: aa, target: zzzz, databases: [x] }",
            ["5:15 undefined-server", "5:27 undefined-server"], "did you mean a?", "defined are a, b"),
        .file(
            "into itself", "pairs:\n  - { source: a, target: a, databases: [x, \"y*\"] }",
            ["5:18 source-is-target", "5:18 source-is-target"], "x would be backed up into itself", "same server"),
        .file(
            "pair twice",
            "pairs:\n  - { source: a, target: b, databases: [x, y] }\n  - { source: a, target: b, databases: [y, z] }\n"
                + "  - { source: b, target: a, databases: [y, z] }",
            ["6:5 duplicate-pair"], "covers y from a to b"),
        .file(
            "the same patterns twice",
            "pairs:\n  - { source: a, target: b, databases: [\"*\"] }\n  - { source: a, target: b, databases: [\"*\"] }",
            ["6:5 duplicate-pair"], "the same databases"),
        .pair("text for list", "    databases: orders", ["7:16 wrong-type"], "must be a list, not a text"),
        .pair("empty databases", "    databases: []", ["7:5 invalid-value"], "names no database"),
        .pair("only exclusions", "    databases: [\"!x\"]", ["7:5 invalid-value"], "begin with \"*\""),
        .pair("bad name", "    databases: [Orders]", ["7:17 invalid-value"], "no name that CouchDB accepts"),
        .pair("bad pattern", "    databases: [\"[a-c]*\"]", ["7:17 invalid-value"], "use * for any characters"),
        .pair(
            "bad mapping form", "    databases: [{ source: orders }, { source: X, target: y, name: z }]",
            ["7:17 missing-key", "7:47 invalid-value", "7:61 unknown-key"],
            "pairs[0].databases[0].target is missing"),
        .pair(
            "two into one", "    databases: [x, { source: y, target: x }]", ["7:5 target-collision"],
            "the databases x, y would all be backed up into x"),
        .pair(
            "replication documents", "    databases: [_replicator]", ["7:5 invalid-value"], "target: replicator_backup"),
        .pair(
            "replication documents of a team", "    databases: [team/_replicator, team/_users]", ["7:5 invalid-value"],
            "{source: team/_replicator, target: team/replicator_backup}"),
        .pair(
            "documents that become replications", "    databases: [{source: orders, target: orders/_replicator}]",
            ["7:5 invalid-value"], "in orders/_replicator would run"),
        .pair(
            "system database with a prefix", "    databases: [_users]\n    rename: \"{name}-backup\"",
            ["7:5 target-collision"], "no valid name"),
        .pair("rename without name", "    databases: [x]\n    rename: backup", ["8:13 invalid-value"], "{name}"),
        .pair("rename with capitals", "    databases: [x]\n    rename: \"Backup-{name}\"", ["8:13 invalid-value"]),
        .pair("flag", "    databases: [x]\n    create_target: yes", ["8:20 invalid-value"], "not true or false"),
        .pair("mode", "    databases: [x]\n    mode: mange", ["8:11 invalid-value"], "did you mean manage?"),
        .pair(
            "thresholds", "    databases: [x]\n    thresholds: { lag_warning: 2h, mass_deletion: 0%, lag: 1 }",
            ["8:19 invalid-value", "8:51 invalid-value", "8:55 unknown-key"],
            "lag_warning (2h) is larger than lag_critical (1h)", "give lag_critical another value",
            "\"0%\" is not a percentage"),
    ]

    private static let others: [Case] = [
        .after(
            "numbers", "repairs: { per_hour: -1, backoff: 0s, max_backoff: 99999999999999999999d }",
            ["8:22 invalid-value", "8:35 invalid-value", "8:52 invalid-value"]),
        .after("empty rules", "vault: { keep: { } }", ["8:16 invalid-value"], "would drop everything"),
        .after(
            "key and passphrase", "vault: { key_file: /k, passphrase_env: P }", ["8:8 conflicting-keys"],
            "both a key and a passphrase"),
        .after(
            "two keys", "vault: { key_file: /k, key_env: K }", ["8:24 conflicting-keys"], "both key_file and key_env"),
        .after("bodies", "verify: { bodies: 1% sometimes }", ["8:19 invalid-value"], "1% daily"),
        .after(
            "drill", "drill: { every: 7, server: standbye }", ["8:17 invalid-value", "8:28 undefined-server"],
            "drill.every: \"7\" is not a duration", "did you mean standby?"),
        .after(
            "drill on no server", "drill: { server: nowhere }", ["8:18 undefined-server"],
            "defined are production, standby"),
        .after("ignored exclusion", "unprotected: { ignore: [\"!x\"] }", ["8:16 invalid-value"], "without !"),
        .after(
            "mail", "notify:\n  email: { smtp: mail, from: nobody, to: [], user: x }",
            ["9:10 missing-key", "9:18 invalid-value", "9:30 invalid-value", "9:38 missing-key"], "names nobody",
            "only one of user and password"),
        .after(
            "mail without anything", "notify: { email: { tls: ssl } }",
            ["8:18 missing-key", "8:18 missing-key", "8:18 missing-key", "8:25 invalid-value"]),
        .after(
            "webhook", "notify:\n  webhook: { headers: { \"a b\": x, X-Y: { file: /x, env: Y }, Z: {} } }",
            ["9:12 missing-key", "9:25 invalid-value", "9:35 conflicting-keys", "9:62 missing-key"]),
        .after("webhook URL", "notify: { webhook: { url: hooks.example.org } }", ["8:27 invalid-value"], "isn't shown"),
        .after("command", "notify: { command: { argv: [] } }", ["8:28 wrong-type"], "must be a list"),
    ]

    @Test(arguments: cases) func places(_ example: Case) {
        let issues = Samples.issues(in: example.text)
        #expect(issues.map { "\($0.position?.description ?? "-") \($0.code)" } == example.expected)
        let text = issues.map(\.description).joined(separator: "\n")
        for words in example.words {
            #expect(text.contains(words), "\(words) is not in: \(text)")
        }
        for issue in issues {
            #expect(issue.file == "couchkeep.yaml")
            #expect(!issue.message.isEmpty && !issue.nextStep.isEmpty)
            #expect(!issue.message.hasSuffix(".") && !issue.nextStep.hasSuffix("."))
        }
    }

    @Test func severalErrorsComeTogetherInOrder() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Samples.read("stat: x\nservers: []\npairs: {}\nvault: 1")
        }
        #expect(error.issues.map { $0.position?.line } == [1, 2, 3, 4])
        #expect(
            error.description.hasPrefix(
                """
                couchkeep.yaml:1:1: unknown key "stat" [unknown-key]
                    next: did you mean state?
                couchkeep.yaml:2:10: servers must be a mapping of keys
                """))
        #expect(ConfigurationError.exitCode == 2)
    }
}
