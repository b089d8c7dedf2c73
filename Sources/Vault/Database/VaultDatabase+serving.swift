import CouchDB
import Foundation
import GRDB
import Replication

extension VaultDatabase: ServableReplica {
    package func changeRows(
        since sequence: UpdateSequence, limit: Int, patience: Duration?
    ) async throws -> ChangeRows {
        let since = try Self.row(of: sequence)
        let end = patience.map { ContinuousClock.now + $0 }
        while true {
            let rows = try await rows(after: since, limit: limit)
            guard let end, rows.rows.isEmpty, rows.isAtEnd, moment == nil else { return rows }
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return rows }
            try await Task.sleep(for: min(left, .milliseconds(500)))
        }
    }

    package func changeRows(
        of ids: Set<DocumentID>, since sequence: UpdateSequence, limit: Int
    ) async throws -> ChangeRows {
        let since = try Self.row(of: sequence)
        return try await file.read { database in
            let horizon = try horizon(database)
            let newest = try horizon.newestRow(database)
            let since = since > newest ? 0 : since
            let naming = try file.naming()
            let found = try ids.compactMap { id -> [LeafRow]? in
                let name = naming.name(id)
                let leaves = try horizon.leaves(key: LeafRow.key(name), name: name, database)
                guard let last = leaves.last, last.id > since else { return nil }
                return leaves
            }
            .sorted { $0[$0.count - 1].id < $1[$1.count - 1].id }
            let rows = try found.prefix(limit).map { try Self.row(of: $0, naming, database) }
            let isAtEnd = rows.count == found.count
            return ChangeRows(
                rows: rows,
                lastSequence: isAtEnd
                    ? UpdateSequence(.integer(newest)) : rows.last?.sequence ?? UpdateSequence(.integer(since)),
                isAtEnd: isAtEnd)
        }
    }

    package func pendingChanges(since sequence: UpdateSequence) async throws -> Int {
        let since = try Self.row(of: sequence)
        return try await file.read { database in
            let horizon = try horizon(database)
            return try horizon.pending(after: since > (try horizon.newestRow(database)) ? 0 : since, database)
        }
    }

    package func leaves(of id: DocumentID) async throws -> [Leaf] { try await leaves(ofEach: [id]).first ?? [] }

    package func leaves(ofEach ids: [DocumentID]) async throws -> [[Leaf]] {
        try await file.read { database in
            let horizon = try horizon(database)
            let naming = try file.naming()
            return try ids.map { id in
                let name = naming.name(id)
                let rows = try horizon.leaves(key: LeafRow.key(name), name: name, database)
                return try naming.winnerFirst(rows, database)
            }
        }
    }

    package func documents(
        from start: DocumentID?, descending: Bool, limit: Int
    ) async throws -> [DocumentWinner] {
        guard !file.isEncrypted else { return try await unsealed(from: start, descending: descending, limit: limit) }
        return try await file.read { database in
            let horizon = try horizon(database)
            let naming = try file.naming()
            let comparison = descending ? "<=" : ">="
            // The file has no index of names: SQLite goes through all, and keeps the first ones.
            let names = try Row.fetchCursor(
                database,
                sql: """
                    SELECT DISTINCT name FROM leaf WHERE deleted = 0 AND added >= ?1 AND added <= ?2 \
                    AND (superseded IS NULL OR superseded > ?2) \(start == nil ? "" : "AND name \(comparison) ?4") \
                    ORDER BY name \(descending ? "DESC" : "ASC") LIMIT ?3
                    """,
                arguments: [horizon.first, horizon.moment ?? Int.max, limit]
                    + (start.map { [Data($0.text.utf8)] } ?? []))
            var documents: [DocumentWinner] = []
            while let row = try names.next() {
                let name: Data = try row.checked(0)
                let leaves = try horizon.leaves(key: LeafRow.key(name), name: name, database)
                guard let winner = try naming.winnerFirst(leaves, database).first?.revision else { continue }
                documents.append(
                    DocumentWinner(id: DocumentID(String(decoding: name, as: UTF8.self)), revision: winner))
            }
            return documents
        }
    }

    package func readDocuments(
        from start: DocumentID?, descending: Bool, receive: ([DocumentWinner]) async throws -> Bool
    ) async throws {
        guard !file.isEncrypted else {
            return try await readPages(from: start, descending: descending, receive: receive)
        }
        let horizon = try await file.read { try self.horizon($0) }
        let first = start.map { Data($0.text.utf8) }
        let names = try await ObjectFolder.onThread { [file] in
            do {
                return try SortedNames(of: file, at: horizon, from: first, descending: descending)
            } catch {
                throw VaultError.wrapping(error, at: file.path)
            }
        }
        do {
            try await read(names, at: horizon, receive: receive)
        } catch {
            // The first error is the one to tell.
            try? await ObjectFolder.finishOnThread { try names.close() }
            throw error
        }
        try await ObjectFolder.finishOnThread { try names.close() }
    }

    private func read(
        _ names: SortedNames, at horizon: Horizon, receive: ([DocumentWinner]) async throws -> Bool
    ) async throws {
        let naming = try file.naming()
        var place = 0
        while true {
            let page = try await names.page(behind: place, limit: 500)
            guard !page.isEmpty else { return }
            place += page.count
            let documents = try await file.read { database in
                try page.compactMap { name -> DocumentWinner? in
                    let leaves = try horizon.leaves(key: LeafRow.key(name), name: name, database)
                    // What was deleted meanwhile is not listed.
                    guard let winner = try naming.winnerFirst(leaves, database).first, !winner.isDeleted else {
                        return nil
                    }
                    return DocumentWinner(
                        id: DocumentID(String(decoding: name, as: UTF8.self)), revision: winner.revision)
                }
            }
            guard documents.isEmpty ? true : try await receive(documents) else { return }
        }
    }

    /// In an encrypted backup names have no order: all are read, and the first ones kept.
    private func unsealed(
        from start: DocumentID?, descending: Bool, limit: Int
    ) async throws -> [DocumentWinner] {
        @Sendable func precedes(_ one: DocumentID, _ other: DocumentID) -> Bool {
            descending
                ? other.text.utf8.lexicographicallyPrecedes(one.text.utf8)
                : one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
        }
        return try await file.read { database in
            let horizon = try horizon(database)
            let naming = try file.naming()
            var (found, last, isAtEnd): ([DocumentWinner], Int64, Bool) = ([], 0, false)
            while !isAtEnd {
                let page = try horizon.page(after: last, limit: 500, database)
                for leaves in page.documents where !leaves.allSatisfy(\.isDeleted) {
                    let id = try naming.id(of: leaves[0], database)
                    if let start, precedes(id, start) { continue }
                    guard let winner = try naming.winnerFirst(leaves, database).first?.revision else { continue }
                    found.append(DocumentWinner(id: id, revision: winner))
                }
                (last, isAtEnd) = (page.last ?? last, page.isLast)
                found = Array(found.sorted { precedes($0.id, $1.id) }.prefix(limit))
            }
            return found
        }
    }

    package func settings() async throws -> DatabaseSettings {
        let stored = try await sourceSettings()
        var settings = DatabaseSettings()
        settings.revisionsLimit = stored.revisionsLimit ?? settings.revisionsLimit
        settings.security = stored.security ?? settings.security
        return settings
    }

    /// What tells clients of a server that this is still the same state of the same source: when its epoch began, or
    /// the time of the moment, in milliseconds since 1970.
    package func instanceStartTime() async throws -> String {
        if let moment { return "\(moment.time.milliseconds)" }
        return "\(try await newestEpoch().began.milliseconds)"
    }

    private func rows(after since: Int64, limit: Int) async throws -> ChangeRows {
        try await file.read { database in
            let horizon = try horizon(database)
            // A position that this state never had, as after a change to an earlier moment: all is told anew, since a
            // feed may rewind, but never leave anything out.
            let since = since > (try horizon.newestRow(database)) ? 0 : since
            let naming = try file.naming()
            var (rows, last, isAtEnd): ([ChangeRow], Int64, Bool) = ([], since, false)
            while rows.count < limit, !isAtEnd {
                let page = try horizon.page(after: last, limit: limit - rows.count, database)
                for leaves in page.documents { rows.append(try Self.row(of: leaves, naming, database)) }
                (last, isAtEnd) = (page.last ?? last, page.isLast)
            }
            return ChangeRows(rows: rows, lastSequence: UpdateSequence(.integer(last)), isAtEnd: isAtEnd)
        }
    }

    /// The row of a document, all of whose leaves these are, the oldest row first.
    private static func row(of leaves: [LeafRow], _ naming: Naming, _ database: Database) throws -> ChangeRow {
        let newest = leaves[leaves.count - 1]
        return ChangeRow(
            sequence: UpdateSequence(.integer(newest.id)), id: try naming.id(of: newest, database).text,
            revisions: try naming.winnerFirst(leaves, database).map(\.revision),
            isDeleted: leaves.allSatisfy(\.isDeleted))
    }
}
