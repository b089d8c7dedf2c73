import CouchDB
import Foundation
import GRDB
import Replication

extension VaultDatabase: Replica {
    /// Two, so that the next revisions are compressed while the last ones are written.
    package var concurrentStores: Int { 2 }
    package var concurrentFetches: Int { 2 }

    package func describe() async throws -> ReplicaDescription {
        try await file.read { database in
            let horizon = try horizon(database)
            // The past does not need it.
            let state = moment == nil ? try StateRow(database) : nil
            return ReplicaDescription(
                name: moment.map { "\(name) at moment \($0.number)" } ?? name,
                updateSequence: UpdateSequence(.integer(try horizon.newestRow(database))),
                documentCount: moment?.documents ?? state?.documents ?? 0,
                deletedCount: moment?.deleted ?? state?.deleted ?? 0,
                identity: "\(vault)/\(uuid)/\(horizon.first)")
        }
    }

    package func changes(
        since sequence: UpdateSequence, limit: Int, patience: Duration?
    ) async throws -> ChangeBatch {
        let since = try Self.row(of: sequence)
        let end = patience.map { ContinuousClock.now + $0 }
        while true {
            let batch = try await page(after: since, limit: max(1, limit))
            guard let end, batch.documents.isEmpty, batch.isAtEnd, moment == nil else { return batch }
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return batch }
            // Another process may be the one that writes, so the file is looked at again and again.
            try await Task.sleep(for: min(left, .milliseconds(500)))
        }
    }

    package func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        try await file.read { database in
            let horizon = try horizon(database)
            let naming = try file.naming()
            return try documents.compactMap { document in
                let name = naming.name(document.id)
                let leaves = try horizon.leaves(key: LeafRow.key(name), name: name, database)
                guard !leaves.isEmpty else { return document.revisions.isEmpty ? nil : document }
                let paths = try leaves.map { try $0.revisionPath() }
                let missing = document.revisions.filter { revision in
                    let stored = naming.revision(revision, name: name)
                    return !paths.contains { $0.contains(stored) }
                }
                return missing.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: missing)
            }
        }
    }

    static func row(of sequence: UpdateSequence) throws -> Int64 {
        if sequence.isZero { return 0 }
        guard let row = Int64(sequence.parameter) else {
            throw CouchError(.invalidInput, "“\(sequence)” is no position in a vault")
        }
        return row
    }

    private func page(after since: Int64, limit: Int) async throws -> ChangeBatch {
        try await file.read { database in
            let horizon = try horizon(database)
            let naming = try file.naming()
            let page = try horizon.page(after: since, limit: limit, database)
            return ChangeBatch(
                documents: try list(page.documents, naming, database),
                lastSequence: UpdateSequence(.integer(page.last ?? since)),
                pending: page.isLast ? 0 : nil, isAtEnd: page.isLast)
        }
    }

    /// The documents of some rows, in their order.
    func documents(of rows: ArraySlice<IDSorter.Row>) async throws -> [DocumentLeaves] {
        try await file.read { database in
            try list(try horizon(database).documents(of: rows, database), try file.naming(), database)
        }
    }

    /// Lists documents, and keeps their rows at hand for who reads them next.
    private func list(
        _ rows: [[LeafRow]], _ naming: Naming, _ database: Database
    ) throws -> [DocumentLeaves] {
        let documents = try rows.map { leaves in
            DocumentLeaves(
                id: try naming.id(of: leaves[leaves.count - 1], database),
                revisions: try naming.winnerFirst(leaves, database).map(\.revision))
        }
        listed?.keep(documents, rows)
        return documents
    }
}
