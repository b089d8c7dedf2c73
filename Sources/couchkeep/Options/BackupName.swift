import ArgumentParser
import CouchDB
import Service

/// The name of a backup as the command line gives it.
enum BackupName {
    /// Takes `vault:orders`, as reports, verifications and drills call a backup, for `orders`.
    static func plain(_ text: String) -> String { VaultPair.backup(of: text) ?? text }

    /// Refuses a URL, before anything is looked for or stored under it: it may have a password in it.
    static func expectNoURL(_ names: some Sequence<String>) throws {
        for name in names where CredentialFilter.isURL(name) {
            throw ValidationError(
                "“\(name)” is a URL, and a backup in the vault has a name, such as orders; see couchkeep vault list")
        }
    }

    static func expectNoURL(_ name: String?) throws { try expectNoURL([name].compactMap(\.self)) }
}
