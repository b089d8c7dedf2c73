import CouchDB
import Foundation
import GRDB
import Replication
import Synchronization

/// A backup as of its newest moment, whichever that is when something is asked.
///
/// What a run is just writing is no state that the source ever had: it is seen when its moment is there.
package final class NewestMoment: Sendable {
    /// What the moments say, the newest one first.
    private struct Look: Sendable {
        /// The newest one that may be served.
        var moment: Moment?
        /// Why a newer one is not; nil where there is none.
        var passedOver: String?
    }

    private let backup: VaultDatabase
    private let acceptsIncomplete: Bool
    /// The state that was asked for last, whose lock is kept while no newer one comes.
    private let last = Mutex<VaultDatabase?>(nil)

    /// - Parameter acceptsIncomplete: takes moments too to which something was never copied.
    package init(of backup: VaultDatabase, acceptsIncomplete: Bool) {
        self.backup = backup
        self.acceptsIncomplete = acceptsIncomplete
    }

    /// The backup at that moment.
    ///
    /// - Throws: `VaultError` with code `vault-unknown-moment` where there is none.
    package func state() async throws -> VaultDatabase { try state(of: try await look()) }

    /// Why the newest moment is passed over for an older one, in words; nil where it is not. Goes on to a newer one too.
    package func passedOver() async throws -> String? {
        let look = try await look()
        _ = try state(of: look)
        return look.passedOver
    }

    /// What tells clients of a server that this is still the same source: when the epoch of the moment began, in milliseconds
    /// since 1970.
    package func instanceStartTime() async throws -> String {
        let number = try await state().moment?.epoch
        let began = try await backup.file.read { database in
            // Of a row that is damaged its number alone is needed, and when its oldest moment was made.
            try Row.fetchOne(database, sql: "SELECT \(Epoch.columns) FROM epoch WHERE id = ?", arguments: [number])
                .flatMap { try? Epoch($0) }?.began.milliseconds
                ?? Int64.fetchOne(database, sql: "SELECT min(time) FROM moment WHERE epoch = ?", arguments: [number])
        }
        guard let began else { throw VaultError(.damaged, "the row of its epoch is gone", at: backup.name) }
        return "\(began)"
    }

    private func state(of look: Look) throws -> VaultDatabase {
        guard let moment = look.moment else {
            throw VaultError(
                .unknownMoment, "the backup has no moment that can be served", at: backup.name,
                next: "run couchkeep backup first")
        }
        return last.withLock { last in
            if let last, last.moment == moment { return last }
            let state = backup.at(moment)
            last = state
            return state
        }
    }

    private func look() async throws -> Look {
        let acceptsIncomplete = acceptsIncomplete
        return try await backup.file.read { try Self.look(acceptsIncomplete, $0) }
    }

    private static func look(_ acceptsIncomplete: Bool, _ database: Database) throws -> Look {
        var look = Look()
        let rows = try Row.fetchCursor(database, sql: "SELECT \(Moment.columns) FROM moment ORDER BY id DESC")
        while look.moment == nil, let row = try rows.next() {
            let reason: String
            switch Result(catching: { try Moment(row) }) {
            case .success(let moment) where moment.isComplete || acceptsIncomplete:
                look.moment = moment
                continue
            case .success(let moment):
                reason = "moment #\(moment.number) is not complete: \(moment.lacking ?? "something was not copied")"
            case .failure: reason = "the row of its newest moment was changed"
            }
            if look.passedOver == nil { look.passedOver = reason }
        }
        return look
    }
}

extension NewestMoment: ServableReplica {
    package func describe() async throws -> ReplicaDescription { try await state().describe() }

    package func changes(
        since sequence: UpdateSequence, limit: Int, patience: Duration?
    ) async throws -> ChangeBatch {
        try await state().changes(since: sequence, limit: limit, patience: patience)
    }

    package func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        try await state().missing(documents)
    }

    package func revisions(
        _ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        try await state().revisions(wanted, receive: receive)
    }

    package func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
        try await state().store(revisions, checkpoint: checkpoint)
    }

    package func checkpoint(_ id: String) async throws -> Checkpoint? { try await backup.checkpoint(id) }

    package func record(_ checkpoint: Checkpoint) async throws { try await state().record(checkpoint) }

    package func changeRows(
        since sequence: UpdateSequence, limit: Int, patience: Duration?
    ) async throws -> ChangeRows {
        let end = patience.map { ContinuousClock.now + $0 }
        while true {
            let state = try await state()
            let rows = try await state.changeRows(since: sequence, limit: limit, patience: nil)
            guard let end, rows.rows.isEmpty, rows.isAtEnd else { return rows }
            guard try await waits(behind: state, until: end) else { return rows }
        }
    }

    /// Waits for another moment than this one.
    ///
    /// - Returns: whether there is one; false where the time is up.
    private func waits(behind seen: VaultDatabase, until end: ContinuousClock.Instant) async throws -> Bool {
        while true {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return false }
            // Another process is the one that writes, so the file is looked at again and again.
            try await Task.sleep(for: min(left, .milliseconds(500)))
            if try await look().moment?.number != seen.moment?.number { return true }
        }
    }

    package func changeRows(
        of ids: Set<DocumentID>, since sequence: UpdateSequence, limit: Int
    ) async throws -> ChangeRows {
        try await state().changeRows(of: ids, since: sequence, limit: limit)
    }

    package func pendingChanges(since sequence: UpdateSequence) async throws -> Int {
        try await state().pendingChanges(since: sequence)
    }

    package func leaves(of id: DocumentID) async throws -> [Leaf] { try await state().leaves(of: id) }

    package func leaves(ofEach ids: [DocumentID]) async throws -> [[Leaf]] { try await state().leaves(ofEach: ids) }

    package func documents(
        from start: DocumentID?, descending: Bool, limit: Int
    ) async throws -> [DocumentWinner] {
        try await state().documents(from: start, descending: descending, limit: limit)
    }

    package func readDocuments(
        from start: DocumentID?, descending: Bool, receive: ([DocumentWinner]) async throws -> Bool
    ) async throws {
        try await state().readDocuments(from: start, descending: descending, receive: receive)
    }

    package func settings() async throws -> DatabaseSettings { try await state().settings() }
}
