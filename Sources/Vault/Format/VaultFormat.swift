/// The marks by which the vault's files are known, and their version.
enum VaultFormat {
    /// `application_id` of a catalogue: “CkCt”.
    static let catalogueID = 0x436B_4374
    /// `application_id` of a database's file: “CkDb”.
    static let databaseID = 0x436B_4462
    /// `user_version` of both. A file of an older version is migrated when a writer opens it; a newer one is refused.
    static let version = 1
}
