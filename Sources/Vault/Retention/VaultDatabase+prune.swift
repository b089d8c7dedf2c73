import Foundation
import GRDB

extension VaultDatabase {
    /// Shows what a policy would drop; changes nothing. What is being read is kept.
    package func prunePlan(_ policy: KeepPolicy, now: Date) async throws -> PrunePlan {
        let (moments, damaged) = try await allMoments()
        var decisions = try policy.decide(moments, proved: try await provedMoments(among: moments), now: now)
        let read = try await momentsBeingRead(removesOthers: false)
        for index in decisions.indices where !decisions[index].isKept {
            if read.contains(decisions[index].moment.number) { decisions[index].reasons = [.beingRead] }
        }
        return PrunePlan(decisions: decisions, damaged: Self.superseded(damaged, moments))
    }

    private func momentsBeingRead(removesOthers: Bool) async throws -> Set<Int> {
        let folder = file.folder
        return try await ObjectFolder.onThread {
            do {
                return try ReadingLock.moments(in: folder, removesOthers: removesOthers)
            } catch {
                throw VaultError.wrapping(error, at: folder)
            }
        }
    }

    /// The damaged moments behind which one can be read: nobody restores them any more.
    private static func superseded(_ damaged: [Int], _ moments: [Moment]) -> [Int] {
        damaged.filter { $0 < moments.last?.number ?? 0 }
    }

    /// Drops what a plan names, and gives the space back.
    ///
    /// A kill leaves everything as it was, or done but for space that the next pruning gives back.
    ///
    /// - Parameter isConfirmed: without it nothing is done.
    /// - Throws: `VaultError` with code `vault-refused` where it is not confirmed, or where moments came, were verified or
    ///   began to be read since the plan was made.
    package func prune(_ plan: PrunePlan, isConfirmed: Bool) async throws -> PruneResult {
        try writable()
        guard isConfirmed else {
            throw VaultError(.refused, "nothing was dropped", at: name, next: "say --confirm to carry out the plan")
        }
        let file = file
        let before = try await ObjectFolder.onThread { try file.size() }
        var result = try await drop(plan)
        file.onStep?(.pruneCommitted)
        try await removeObjects()
        file.onStep?(.objectsRemoved)
        try await giveBackSpace()
        let after = try await ObjectFolder.onThread { try file.size() }
        result.freedBytes = max(0, before - after)
        return result
    }

    /// Drops what the plan names, while nobody can begin to read it.
    private func drop(_ plan: PrunePlan) async throws -> PruneResult {
        let file = file
        let gate = try await ObjectFolder.onThread { try ReadingGate(of: file.folder) }
        defer { gate.open() }
        let read = try await momentsBeingRead(removesOthers: true)
        if let moment = plan.dropped.first(where: { read.contains($0.number) }) {
            throw VaultError(
                .refused, "moment \(moment.number) is being read, and was not when the plan was made", at: name,
                next: "make a new plan")
        }
        return try await file.write { database in
            try Self.expectUnchanged(plan, database)
            let dropped = try Self.dropUnreachable(plan.dropped.map(\.number), plan.damaged, database)
            file.onStep?(.pruneDeleted)
            return dropped
        }
    }

    private static func expectUnchanged(_ plan: PrunePlan, _ database: Database) throws {
        let (moments, damaged) = try Moment.read(database)
        guard moments == plan.decisions.map(\.moment), superseded(damaged, moments) == plan.damaged,
            moments.isEmpty || plan.decisions.last?.isKept == true
        else {
            throw VaultError(
                .refused, "the moments are not those of the plan any more", at: "prune", next: "make a new plan")
        }
    }

    /// Removes the moments and every row that no kept one needs.
    private static func dropUnreachable(
        _ dropped: [Int], _ damaged: [Int], _ database: Database
    ) throws -> PruneResult {
        var result = PruneResult()
        result.moments += try Ledger.moment.deleteDamaged(damaged, database)
        for number in dropped { result.moments += try Ledger.moment.delete(where: "id = ?", [number], database) }
        let state = try StateRow(database)
        // Where an epoch begins decides what is seen. Without a beginning that can't be read rows last longer, and never shorter.
        let unsure = try Epoch.read(database).damaged.map { "\($0)" }.joined(separator: ", ")
        // A row of an old epoch that nothing superseded lasts until that epoch's end. Without bounds on both sides SQLite
        // would look at all moments for each row.
        let isUnseen = """
            NOT (superseded IS NULL AND added >= \(state.first)) AND NOT EXISTS (\
            SELECT 1 FROM moment m WHERE m.id >= added AND m.id < min(coalesce(superseded, \(Int.max)), \
            coalesce((SELECT min(e.first) FROM epoch e WHERE e.first > added AND e.id NOT IN (\(unsure))), \(Int.max))))
            """
        // The newest row stays: its number is a place in the changes feed, which must not be given a second time.
        try database.execute(sql: "DELETE FROM leaf WHERE id < (SELECT max(id) FROM leaf) AND \(isUnseen)")
        result.leaves = database.changesCount
        try Ledger.setting.delete(where: isUnseen, [], database)
        try database.execute(sql: "DELETE FROM body WHERE id NOT IN (SELECT coalesce(body, id) FROM leaf)")
        result.bodies = database.changesCount
        let used = try usedAttachments(database)
        var last: Int64? = .min
        while let place = last {
            // Some at a time: a cursor must not be open on rows that are deleted.
            let ids = try Int64.fetchAll(
                database.cachedStatement(sql: "SELECT id FROM attachment WHERE id > ? ORDER BY id LIMIT 1000"),
                arguments: [place])
            for id in ids where !used.contains(id) {
                result.attachments += try Ledger.attachment.delete(where: "id = ?", [id], database)
            }
            last = ids.last
        }
        // Of settings each moment tells that lacks them.
        for ledger in [Ledger.moment, .checkpoint] { result.goneRows += try ledger.settleGone(database) }
        result.goneRows += try Epoch.settle(database)
        let hasAllAttachments = try Int.fetchOne(database, sql: "SELECT count(*) FROM attachment") == used.count
        if hasAllAttachments { result.goneRows += try Ledger.attachment.settleGone(database) }
        return result
    }

    static func usedAttachments(_ database: Database) throws -> RowNumbers {
        var used = RowNumbers()
        let lists = try Row.fetchCursor(
            database, sql: "SELECT attachments FROM body WHERE attachments IS NOT NULL")
        while let row = try lists.next() {
            for id in AttachmentList.decode(try row.checked(0)) { used.insert(id) }
        }
        return used
    }

    /// Removes files of attachments, unless a revision that was stored meanwhile names one again.
    private func removeObjects() async throws {
        let file = file
        try await file.write { database in
            let statement = try database.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM attachment WHERE sha256 = ?)")
            try file.objects.removeStrays { try Bool.fetchOne(statement, arguments: [$0]) == true }
        }
    }

    private func giveBackSpace() async throws {
        guard let writer = file.writer else { return }
        do {
            try await writer.writeWithoutTransaction { database in
                // Each step of the statement frees one page.
                let cursor = try Row.fetchCursor(database, sql: "PRAGMA incremental_vacuum")
                while try cursor.next() != nil {}
                // Where a reader is at work the log is folded in later.
                _ = try Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        } catch {
            throw VaultError.wrapping(error, at: file.path)
        }
    }
}
