import CouchDB
import Foundation
import Replication

extension VaultDatabase: ComparableReplica {
    package func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] {
        try await file.read { database in
            let horizon = try horizon(database)
            return try ids.compactMap { id in
                let name = Data(id.text.utf8)
                let leaves = try horizon.leaves(key: LeafRow.key(name), name: name, database)
                return leaves.isEmpty ? nil : DocumentLeaves(id: id, revisions: try Self.winnerFirst(leaves))
            }
        }
    }
}
