/// A mapping of the configuration file, with the keys that it may have.
package struct ConfigurationSection: Sendable, Equatable {
    /// Where it stands, such as `servers.NAME`; empty for the whole file.
    package let path: String
    package let keys: [ConfigurationKey]

    init(_ path: String, _ keys: [ConfigurationKey]) {
        self.path = path
        self.keys = keys
    }

    package func key(_ name: String) -> ConfigurationKey? { keys.first { $0.name == name } }

    /// All sections, in the order of the documentation.
    package static let all: [ConfigurationSection] = [
        .file, .server, .pair, .database, .thresholds, .repairs, .unprotected, .notify, .email, .webhook, .header,
        .command, .heartbeat, .vault, .keep, .verify, .drill,
    ]
}

extension ConfigurationSection {
    static let file = ConfigurationSection(
        "",
        [
            ConfigurationKey(
                "servers", "mapping", default: ConfigurationKey.required,
                "The CouchDB servers, each under a name of your choice.",
                example: "{ production: { url: \"https://couch1\" } }"),
            ConfigurationKey(
                "pairs", "list", default: ConfigurationKey.required,
                "Which databases are backed up, from where to where.",
                example: "[{ source: production, target: standby, databases: [\"*\"] }]"),
            ConfigurationKey(
                "thresholds", "mapping", default: "see below", "From when on something is worth telling.",
                example: "{ lag_warning: 30m }"),
            ConfigurationKey(
                "repairs", "mapping", default: "see below", "How often a pair is repaired before Couchkeep gives up.",
                example: "{ per_hour: 2 }"),
            ConfigurationKey(
                "unprotected", "mapping", default: "see below", "What to do about databases that no pair covers.",
                example: "{ ignore: [\"test-*\"] }"),
            ConfigurationKey(
                "notify", "mapping", default: "nobody is told", "Who is told, and how.", example: "{ remind_after: 4h }"
            ),
            ConfigurationKey(
                "vault", "mapping", default: ConfigurationKey.none, "The embedded replica with a past.",
                example: "{ path: /srv/vault }"),
            ConfigurationKey(
                "verify", "mapping", default: ConfigurationKey.none,
                "How often backups are compared with their sources.", example: "{ revisions: 1d }"),
            ConfigurationKey(
                "drill", "mapping", default: ConfigurationKey.none,
                "How often a restore of each backup is rehearsed.", example: "{ every: 7d }"),
            ConfigurationKey(
                "state", "path",
                default: "/var/lib/couchkeep, or couchkeep-state beside this file when that can't be written",
                "The folder where Couchkeep remembers what it saw; each configuration needs one of its own.",
                example: "/srv/couchkeep"),
        ])

    static let server = ConfigurationSection(
        "servers.NAME",
        [
            ConfigurationKey(
                "url", "URL", default: ConfigurationKey.required,
                "The server's address, with http:// or https://; a path in front of the databases' names may follow.",
                example: "https://couch1.example.org:6984"),
            ConfigurationKey(
                "user", "text", default: ConfigurationKey.none,
                "The account that Couchkeep logs in with. It needs to be a server admin to see and repair replications.",
                example: "backup"),
        ]
            + ConfigurationKey.secret("password", of: "The account's password", example: "relax")
            + ConfigurationKey.secret(
                "token", of: "A bearer token (JWT), instead of user and password", example: "eyJhbGciOi…")
            + [
                ConfigurationKey(
                    "auth", "basic or session", default: "basic",
                    "Whether the password goes with every request, or once for a cookie.", example: "session"),
                ConfigurationKey(
                    "ca_file", "path", default: "the system's authorities",
                    "PEM file of the authorities to trust for this server's certificate.",
                    example: "/etc/couchkeep/ca.pem"),
                ConfigurationKey(
                    "replication_url", "URL", default: "url",
                    "The address for replication documents, where the servers see each other under another one.",
                    example: "http://couch1.internal:5984"),
                ConfigurationKey(
                    "replication_user", "text", default: "user",
                    "The account for replication documents, where a less powerful one shall stand there.",
                    example: "replicator"),
            ]
            + ConfigurationKey.secret(
                "replication_password", of: "The password of replication_user", default: "password", example: "relax")
            + [
                ConfigurationKey(
                    "connect_timeout", "duration", default: "10s", "How long to wait for a connection.", example: "5s"),
                ConfigurationKey(
                    "read_timeout", "duration", default: "1m", "How long the server may send nothing.", example: "2m"),
            ])
}
