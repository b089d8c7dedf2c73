import Foundation
import Replication

/// What belongs to a database and is no document, as the server told it.
package struct SourceSettings: Sendable, Hashable {
    /// What a server may refuse to tell while it tells the rest, by the endpoint's name.
    package enum Part: String, Sendable, Hashable, CaseIterable {
        case security = "_security"
        case revisionsLimit = "_revs_limit"
        case localDocuments = "_local_docs"
    }

    /// `_security`, byte for byte.
    package var security: Data?
    /// `_revs_limit`.
    package var revisionsLimit: Int?
    /// The number of shards.
    package var q: Int?
    /// The number of copies of each shard.
    package var n: Int?
    package var isPartitioned: Bool?
    /// `_local` documents by their whole id, byte for byte.
    package var localDocuments: [DocumentID: Data]
    /// How many the vault can't read any more.
    package var lost = 0

    /// What is lost of them; nil where nothing.
    package var loss: String? { lost == 0 ? nil : "settings of the database can't be read: \(lost)" }

    package init(
        security: Data? = nil, revisionsLimit: Int? = nil, q: Int? = nil, n: Int? = nil, isPartitioned: Bool? = nil,
        localDocuments: [DocumentID: Data] = [:]
    ) {
        self.security = security
        self.revisionsLimit = revisionsLimit
        self.q = q
        self.n = n
        self.isPartitioned = isPartitioned
        self.localDocuments = localDocuments
    }
}
