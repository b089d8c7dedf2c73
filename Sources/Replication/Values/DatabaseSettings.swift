import Foundation

/// What belongs to a database beside its documents.
package struct DatabaseSettings: Sendable, Hashable {
    /// `_revs_limit`.
    package var revisionsLimit: Int
    /// `_security`, byte for byte.
    package var security: Data

    package init(
        revisionsLimit: Int = 1000,
        security: Data = Data(#"{"members":{"roles":["_admin"]},"admins":{"roles":["_admin"]}}"#.utf8)
    ) {
        self.revisionsLimit = revisionsLimit
        self.security = security
    }
}
