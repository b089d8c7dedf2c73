import CouchDB
import Foundation
import Replication

extension VaultDatabase: ComparableReplica {
    package func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] {
        try await file.read { database in
            let horizon = try horizon(database)
            let naming = try file.naming()
            return try ids.compactMap { id in
                let name = naming.name(id)
                let leaves = try horizon.leaves(key: LeafRow.key(name), name: name, database)
                guard !leaves.isEmpty else { return nil }
                return DocumentLeaves(
                    id: id, revisions: try naming.winnerFirst(leaves, database).map(\.revision))
            }
        }
    }
}
