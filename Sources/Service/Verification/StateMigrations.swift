import GRDB

/// The tables that this room keeps in the state database, beside those of supervision.
enum StateMigrations {
    /// To be given to the state database when it is opened.
    static func register(_ migrator: inout DatabaseMigrator) {
        StoredAlerts.migrate(&migrator)
        StoredVerifications.migrate(&migrator)
        StoredRefusals.migrate(&migrator)
        StoredDrills.migrate(&migrator)
        StoredScratches.migrate(&migrator)
        StoredVaultMemories.migrate(&migrator)
    }
}
