import Foundation
import GRDB

extension VaultDatabase {
    /// Shows what a policy would drop; changes nothing.
    package func prunePlan(_ policy: KeepPolicy, now: Date) async throws -> PrunePlan {
        PrunePlan(decisions: try policy.decide(try await moments(), now: now))
    }

    /// Drops what a plan names, and gives the space back.
    ///
    /// A kill leaves everything as it was, or done but for space that the next pruning gives back.
    ///
    /// - Parameter isConfirmed: without it nothing is done.
    /// - Throws: `VaultError` with code `vault-refused` where it is not confirmed, or where moments came or were verified
    ///   since the plan was made.
    package func prune(_ plan: PrunePlan, isConfirmed: Bool) async throws -> PruneResult {
        try writable()
        guard isConfirmed else {
            throw VaultError(.refused, "nothing was dropped", at: name, next: "say --confirm to carry out the plan")
        }
        let file = file
        let before = try await ObjectFolder.onThread { try file.size() }
        var (result, orphans) = try await file.write { database in
            try Self.expectUnchanged(plan, database)
            let dropped = try Self.dropUnreachable(plan.dropped.map(\.number), database)
            file.onStep?(.pruneDeleted)
            return dropped
        }
        file.onStep?(.pruneCommitted)
        try await removeObjects(orphans)
        file.onStep?(.objectsRemoved)
        try await giveBackSpace()
        let after = try await ObjectFolder.onThread { try file.size() }
        result.freedBytes = max(0, before - after)
        return result
    }

    private static func expectUnchanged(_ plan: PrunePlan, _ database: Database) throws {
        let moments = try Moment.all(database)
        guard moments == plan.decisions.map(\.moment), moments.isEmpty || plan.decisions.last?.isKept == true else {
            throw VaultError(
                .refused, "the moments are not those of the plan any more", at: "prune", next: "make a new plan")
        }
    }

    /// Removes the moments and every row that no kept one needs. Returns the files that nothing names any more.
    private static func dropUnreachable(_ dropped: [Int], _ database: Database) throws -> (PruneResult, [Data]) {
        var result = PruneResult()
        for number in dropped { result.moments += try Ledger.moment.delete(where: "id = ?", [number], database) }
        let state = try StateRow(database)
        // A row of an old epoch that nothing superseded lasts until that epoch's end.
        let isUnseen = """
            NOT (superseded IS NULL AND added >= \(state.first)) AND NOT EXISTS (\
            SELECT 1 FROM moment m JOIN epoch e ON e.id = m.epoch WHERE m.id >= added AND e.first <= added \
            AND (superseded IS NULL OR m.id < superseded))
            """
        try database.execute(sql: "DELETE FROM leaf WHERE \(isUnseen)")
        result.leaves = database.changesCount
        try Ledger.setting.delete(where: isUnseen, [], database)
        try database.execute(sql: "DELETE FROM body WHERE id NOT IN (SELECT coalesce(body, id) FROM leaf)")
        result.bodies = database.changesCount
        let used = try usedAttachments(database)
        let rows = try Row.fetchAll(database, sql: "SELECT id, sha256, file FROM attachment")
        var orphans: [Data] = []
        for row in rows {
            let id: Int64 = try row.checked(0)
            guard !used.contains(id) else { continue }
            result.attachments += try Ledger.attachment.delete(where: "id = ?", [id], database)
            if try row.checked(2) as Bool { orphans.append(try row.checked(1)) }
        }
        return (result, orphans)
    }

    static func usedAttachments(_ database: Database) throws -> Set<Int64> {
        var used: Set<Int64> = []
        let lists = try Row.fetchCursor(
            database, sql: "SELECT attachments FROM body WHERE attachments IS NOT NULL")
        while let row = try lists.next() { used.formUnion(AttachmentList.decode(try row.checked(0))) }
        return used
    }

    /// Removes files of attachments, unless a revision that was stored meanwhile names one again.
    private func removeObjects(_ hashes: [Data]) async throws {
        let file = file
        try await file.write { database in
            let sql = "SELECT EXISTS (SELECT 1 FROM attachment WHERE sha256 = ?)"
            for hash in hashes where try Bool.fetchOne(database, sql: sql, arguments: [hash]) != true {
                unlink(file.objects.path(of: hash))
            }
            try file.objects.removeStrays { hash in
                try Bool.fetchOne(database, sql: sql, arguments: [hash]) == true
            }
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
