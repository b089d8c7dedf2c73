/// The embedded replica with a past.
package struct VaultConfiguration: Sendable, Equatable {
    /// Which moments a prune keeps.
    ///
    /// At least one rule is set.
    package struct Keep: Sendable, Equatable {
        /// Everything younger than this.
        package var within: Duration?
        /// This many of the latest.
        package var last: Int?
        /// The latest of this many hours, days, weeks, months, years.
        package var hourly: Int?
        package var daily: Int?
        package var weekly: Int?
        package var monthly: Int?
        package var yearly: Int?

        package init() {}

        /// Whether no rule is set, so that a prune would drop everything.
        package var isEmpty: Bool { self == Keep() }
    }

    package static let defaultPath = "/var/lib/couchkeep/vault"

    package var path: String
    /// What opens the backups, and encrypts new ones; nil where they are not encrypted.
    package var key: VaultKeySource?
    /// Nil keeps everything.
    package var keep: Keep?

    package init(path: String = defaultPath, key: VaultKeySource? = nil, keep: Keep? = nil) {
        self.path = path
        self.key = key
        self.keep = keep
    }
}
