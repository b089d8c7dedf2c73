import GRDB

/// The tables of a database's file, as docs/vault-format.md describes them.
enum DatabaseSchema {
    /// Each statement as `sqlite_schema` keeps it, so that a check can compare.
    static let statements = [
        """
        CREATE TABLE leaf (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, name BLOB NOT NULL, path BLOB NOT NULL, \
        deleted INTEGER NOT NULL, body INTEGER, added INTEGER NOT NULL, superseded INTEGER, \
        digest BLOB NOT NULL, history BLOB, hash INTEGER NOT NULL) STRICT
        """,
        "CREATE INDEX leaf_key ON leaf (key, superseded)",
        """
        CREATE TABLE body (id INTEGER PRIMARY KEY, coding INTEGER NOT NULL, size INTEGER NOT NULL, trim INTEGER, \
        attachments BLOB, data BLOB NOT NULL) STRICT
        """,
        """
        CREATE TABLE attachment (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, \
        file INTEGER NOT NULL, stored BLOB, data BLOB, hash INTEGER NOT NULL) STRICT
        """,
        "CREATE TABLE dictionary (id INTEGER PRIMARY KEY, data BLOB NOT NULL, hash INTEGER NOT NULL) STRICT",
        """
        CREATE TABLE moment (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence BLOB, \
        complete INTEGER NOT NULL, set_aside INTEGER NOT NULL, documents INTEGER NOT NULL, deleted INTEGER NOT NULL, \
        leaves INTEGER NOT NULL, digest BLOB NOT NULL, verified INTEGER, hash INTEGER NOT NULL) STRICT
        """,
        """
        CREATE TABLE epoch (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, began INTEGER NOT NULL, \
        source BLOB NOT NULL, reason TEXT NOT NULL, hash INTEGER NOT NULL) STRICT
        """,
        """
        CREATE TABLE setting (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL, \
        added INTEGER NOT NULL, superseded INTEGER, token BLOB, hash INTEGER NOT NULL) STRICT
        """,
        "CREATE INDEX setting_name ON setting (kind, name, superseded)",
        "CREATE TABLE checkpoint (id TEXT PRIMARY KEY, value BLOB NOT NULL, hash INTEGER NOT NULL) STRICT",
        """
        CREATE TABLE sealing (id INTEGER PRIMARY KEY, key TEXT NOT NULL, form TEXT NOT NULL, salt BLOB, wrapped BLOB, \
        hash INTEGER NOT NULL) STRICT
        """,
        "CREATE TABLE data_key (id INTEGER PRIMARY KEY, wrapped BLOB NOT NULL, hash INTEGER NOT NULL) STRICT",
        "CREATE TABLE tally (id TEXT PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
        """
        CREATE TABLE state (id INTEGER PRIMARY KEY, vault TEXT NOT NULL, database TEXT NOT NULL, \
        name BLOB NOT NULL, moment INTEGER NOT NULL, first INTEGER NOT NULL, documents INTEGER NOT NULL, \
        deleted INTEGER NOT NULL, leaves INTEGER NOT NULL, digest BLOB NOT NULL, hash INTEGER NOT NULL) STRICT
        """,
    ]

    static func create(_ database: Database) throws {
        for statement in statements { try database.execute(sql: statement) }
        try database.execute(sql: "PRAGMA application_id = \(VaultFormat.databaseID)")
        try database.execute(sql: "PRAGMA user_version = \(VaultFormat.version)")
    }

    /// What differs from the tables that were made.
    static func problems(_ database: Database) throws -> [String] {
        let found = try String.fetchAll(database, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return Set(found).symmetricDifference(statements).sorted().map { "the schema differs: \($0)" }
    }
}
