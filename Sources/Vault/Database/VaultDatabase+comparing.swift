import CouchDB
import Foundation
import GRDB
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

    package func outline() async throws -> DatabaseOutline {
        let security = try await sourceSettings().security
        return DatabaseOutline(
            security: try security.map { SecurityObject(try JSONValue(parsing: $0)) },
            designDocuments: try await designDocuments().map(\.id))
    }

    /// The design documents with their leaves, deleted ones too.
    ///
    /// In an encrypted backup no name tells, so that all documents are read.
    package func designDocuments() async throws -> [DocumentLeaves] {
        guard !file.isEncrypted else {
            var designs: [DocumentLeaves] = []
            _ = try await readLeaves(since: .zero) { page, _ in designs += page.filter(\.id.isDesign) }
            return designs
        }
        let names = try await file.read { database in
            try Data.fetchAll(
                database, sql: "SELECT DISTINCT name FROM leaf WHERE substr(name, 1, 8) = CAST('_design/' AS BLOB)")
        }
        return try await leaves(of: names.map { DocumentID(String(decoding: $0, as: UTF8.self)) })
    }
}
