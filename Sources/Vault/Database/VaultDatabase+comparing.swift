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

    /// Hands out documents whose attachments are there to the last bit: what documents say of them is no proof of that.
    package func documents(
        _ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void
    ) async throws {
        try await revisions(wanted) { answer in
            var outcome: DocumentAnswer.Outcome = .unavailable(answer.refusal)
            if let revision = answer.exactly {
                outcome = try await damage(in: revision).map { .unavailable($0) } ?? .given(revision.document)
            }
            try await receive(DocumentAnswer(id: answer.id, revision: answer.revision, outcome: outcome))
        }
    }

    package func damage(in revision: Revision) async throws -> Refusal? {
        for attachment in revision.attachments {
            var offset = 0
            do {
                // The reader of a file checks the hash behind its last piece.
                while offset < attachment.size {
                    try Task.checkCancellation()
                    offset += try await attachment.read(at: offset, count: 256 << 10).count
                }
            } catch let error as VaultError where error.code == .damaged {
                return Refusal(
                    id: revision.id, revision: revision.revision, stage: .fetching, error: "damaged",
                    reason: "the attachment “\(attachment.member.name)”: \(error.what)")
            }
        }
        return nil
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
