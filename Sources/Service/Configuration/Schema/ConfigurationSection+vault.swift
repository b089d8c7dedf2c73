extension ConfigurationSection {
    static let vault = ConfigurationSection(
        "vault",
        [
            ConfigurationKey(
                "path", "path", default: VaultConfiguration.defaultPath, "The folder of the vault.",
                example: "/srv/vault")
        ]
            + ConfigurationKey.secret(
                "key", of: "The key that the backups are encrypted with, as couchkeep key new makes it",
                example: "couchkeep-key-1:…")
            + ConfigurationKey.secret(
                "passphrase", of: "A passphrase instead of a key", example: "a long sentence")
            + [
                ConfigurationKey(
                    "keep", "mapping", default: "everything", "Which moments a prune keeps; at least one rule.",
                    example: "{ within: 7d, daily: 30, monthly: 12 }")
            ])

    static let keep = ConfigurationSection(
        "vault.keep",
        [
            ConfigurationKey(
                "within", "duration", default: ConfigurationKey.none,
                "All moments younger than this, and the one that held when it began.", example: "7d"),
            ConfigurationKey(
                "last", "count", default: ConfigurationKey.none, "This many of the latest moments.", example: "10"),
            ConfigurationKey(
                "hourly", "count", default: ConfigurationKey.none, "The last moment of this many hours.", example: "24"),
            ConfigurationKey(
                "daily", "count", default: ConfigurationKey.none, "The last moment of this many days.", example: "30"),
            ConfigurationKey(
                "weekly", "count", default: ConfigurationKey.none, "The last moment of this many weeks.", example: "8"),
            ConfigurationKey(
                "monthly", "count", default: ConfigurationKey.none, "The last moment of this many months.",
                example: "12"),
            ConfigurationKey(
                "yearly", "count", default: ConfigurationKey.none, "The last moment of this many years.", example: "5"),
        ])

    static let verify = ConfigurationSection(
        "verify",
        [
            ConfigurationKey(
                "revisions", "duration or off", default: "off",
                "The time between two comparisons of all leaf revisions.", example: "1d"),
            ConfigurationKey(
                "bodies", "percentage, then hourly, daily, weekly or monthly; or off", default: "off",
                "How large a share of the documents' contents is compared, and how often.", example: "\"1% daily\""),
            ConfigurationKey(
                "budget", "duration", default: "5m",
                "How long one check may spend on verifications; what is not done goes on in later ones.",
                example: "30m"),
        ])

    static let drill = ConfigurationSection(
        "drill",
        [
            ConfigurationKey(
                "every", "duration or off", default: "off", "The time between two drills of a backup.", example: "7d"),
            ConfigurationKey(
                "server", "server", default: ConfigurationKey.none,
                "The server on which scratch databases are made. Without it backups are restored into memory, which is for "
                    + "small ones.",
                example: "standby"),
            ConfigurationKey(
                "budget", "duration", default: "5m",
                "How long one check may go on to begin drills; one that has begun is finished.", example: "30m"),
        ])
}
