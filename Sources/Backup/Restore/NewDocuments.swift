import CouchDB
import Replication

/// A database that goes on living, as a target of replication: it takes documents of which it has nothing, or nothing but
/// what they were at the moment.
///
/// What it has in another form is changed by new edits (``BringBack``). A revision beside them, which the database has
/// forgotten or never had, would be one more conflict.
struct NewDocuments: WrappingReplica {
    let base: CouchReplica

    init(in database: CouchDatabase) { base = CouchReplica(database) }

    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        let lacking = try await base.missing(documents)
        guard !lacking.isEmpty else { return [] }
        let found = Dictionary(
            try await base.leaves(of: lacking.map(\.id)).map { ($0.id, $0.revisions) }, uniquingKeysWith: { $1 })
        let wanted = Dictionary(
            documents.map { ($0.id, Set($0.revisions)) }, uniquingKeysWith: { $0.union($1) })
        return lacking.filter { document in
            wanted[document.id, default: []].isSuperset(of: found[document.id] ?? [])
        }
    }
}
