extension ConfigurationSection {
    static let pair = ConfigurationSection(
        "pairs[]",
        [
            ConfigurationKey(
                "source", "server", default: ConfigurationKey.required, "The server whose databases are backed up.",
                example: "production"),
            ConfigurationKey(
                "target", "server", default: ConfigurationKey.required,
                "The server that is to hold the backups, or vault.", example: "standby"),
            ConfigurationKey(
                "databases", "list", default: ConfigurationKey.required,
                "Names, patterns with * and ?, exclusions that begin with !, and names with another name at the target. "
                    + "The last one that fits a database decides. New databases are picked up.",
                example: "[\"*\", \"!test-*\"]"),
            ConfigurationKey(
                "rename", "text", default: "\"{name}\"", "The name at the target, where {name} is the source's.",
                example: "\"backup-{name}\""),
            ConfigurationKey(
                "run_on", "target or source", default: "target",
                "Whose scheduler runs the replication: the target's server pulls, or the source's pushes.",
                example: "source"),
            ConfigurationKey(
                "mode", "manage, watch or off", default: "manage",
                "manage repairs and tells, watch only tells, off does neither.", example: "watch"),
            ConfigurationKey(
                "create_target", "true or false", default: "true", "Whether a missing target database is created.",
                example: "false"),
            ConfigurationKey(
                "compare_security", "true or false", default: "true",
                "Whether a `_security` that differs from the source's is reported.",
                example: "false"),
            ConfigurationKey(
                "thresholds", "mapping", default: "those of the file",
                "What differs for these databases from the file's thresholds.",
                example: "{ lag_warning: 6h, lag_critical: 1d }"),
            ConfigurationKey(
                "repairs", "mapping", default: "those of the file",
                "What differs for these databases from the file's repairs.", example: "{ per_hour: 1 }"),
        ])

    static let database = ConfigurationSection(
        "pairs[].databases[]",
        [
            ConfigurationKey(
                "source", "text", default: ConfigurationKey.required, "The database's name at the source.",
                example: "orders"),
            ConfigurationKey(
                "target", "text", default: ConfigurationKey.required, "The name of its backup.",
                example: "orders_backup"),
        ])

    static let thresholds = ConfigurationSection(
        "thresholds",
        [
            ConfigurationKey(
                "lag_warning", "duration", default: "15m", "How far a backup may be behind before it is a warning.",
                example: "1h"),
            ConfigurationKey(
                "lag_critical", "duration", default: "1h", "How far a backup may be behind before it is critical.",
                example: "6h"),
            ConfigurationKey(
                "changes_warning", "count or off", default: "off",
                "How many changes a backup may be behind before it is a warning, whatever the time.", example: "10000"),
            ConfigurationKey(
                "changes_critical", "count or off", default: "off",
                "How many changes a backup may be behind before it is critical.", example: "100000"),
            ConfigurationKey(
                "pending_for", "duration", default: "1h",
                "How long a replication job may wait for its turn in CouchDB's scheduler.", example: "30m"),
            ConfigurationKey(
                "stalled_for", "duration", default: "10m",
                "How long a replication may stand still while the source changes.", example: "30m"),
            ConfigurationKey(
                "crashes_per_hour", "count", default: "3", "How many crashes within an hour are one too many.",
                example: "10"),
            ConfigurationKey(
                "mass_deletion", "percentage", default: "20%",
                "The share of a database's documents that, deleted between two looks or within half an hour, is suspicious; fewer than "
                    + "ten never are.",
                example: "5%"),
        ])

    static let repairs = ConfigurationSection(
        "repairs",
        [
            ConfigurationKey(
                "per_hour", "count", default: "6", "How many repairs of one pair are tried within an hour.",
                example: "2"),
            ConfigurationKey(
                "backoff", "duration", default: "1m",
                "The wait after the first repair that didn't help; it doubles each time.", example: "5m"),
            ConfigurationKey(
                "max_backoff", "duration", default: "1h", "The longest such wait.", example: "6h"),
        ])

    static let unprotected = ConfigurationSection(
        "unprotected",
        [
            ConfigurationKey(
                "report", "true or false", default: "true",
                "Whether databases of a source's server that no pair covers nor excludes are reported.",
                example: "false"),
            ConfigurationKey(
                "ignore", "list", default: "[]", "Names and patterns of databases that need no backup.",
                example: "[\"test-*\"]"),
        ])
}
