import Foundation
import GRDB

/// What was damaged of a backup's newest state, so that nothing could be added to it.
package struct DamagedState: Sendable, Hashable, CustomStringConvertible {
    /// Leaves that were damaged or gone.
    package var leaves = 0
    package var settings = 0
    package var checkpoints = 0
    /// Whether the row that sums the state up was.
    package var isSum = false
    /// Whether the row of the newest epoch was.
    package var isEpoch = false
    /// Rows that are kept twice, and were put back from their copies.
    package var spared = 0
    /// Tables whose rows were each what was written, and added up to something else; they are added up anew.
    package var tallies = 0

    /// Whether older moments lack it for good: sums, epochs and checkpoints are nothing that a moment has, and copies are whole.
    package var isLost: Bool { leaves + settings > 0 }

    package var isEmpty: Bool { self == DamagedState() }

    /// Whether nothing of the source had to be read again: all that was damaged is there a second time.
    private var hasCopies: Bool {
        var others = self
        (others.spared, others.tallies) = (0, 0)
        return others.isEmpty
    }

    /// What a backup has done about it, in words.
    package func outcome(moment: Int) -> String {
        if hasCopies {
            return spared > 0
                ? "what was damaged is put back from its copy, and nothing is lost"
                : "it is added up anew, and nothing is lost"
        }
        return "the source was read again, and moment #\(moment) is made of all that it has; "
            + (isLost ? "of the older ones couchkeep vault check tells" : "the older ones lack nothing")
    }

    package var description: String {
        var parts: [String] = []
        for (count, one, many) in [
            (leaves, "revision", "revisions"), (settings, "setting", "settings"),
            (checkpoints, "checkpoint", "checkpoints"),
            (spared, "row of which there is a copy", "rows of which there are copies"),
            (tallies, "sum of a table", "sums of tables"),
        ] where count > 0 {
            parts.append("\(count) \(count == 1 ? one : many)")
        }
        if isSum { parts.append("the sum of all") }
        if isEpoch { parts.append("what tells which source it is") }
        return parts.joined(separator: ", ")
    }
}

extension VaultDatabase {
    /// Puts rows that are kept twice back from each other where they are damaged or gone, and makes the copies that are missing.
    ///
    /// - Returns: what was damaged; nil where nothing was.
    /// - Throws: `VaultError`.
    package func mendSpares() async throws -> DamagedState? {
        try writable()
        let damage = try await file.write { database in
            var damage = DamagedState()
            for ledger in Ledger.spared {
                let mended = try ledger.mendSpares(database)
                damage.spared += mended.rows
                damage.tallies += mended.tally ? 1 : 0
            }
            return damage
        }
        return damage.isEmpty ? nil : damage
    }

    /// Adds up the rows of tables anew where each is what was written, none is gone, and the sum that was kept is another one.
    ///
    /// Either that sum was damaged, or an older row is back in the place of a newer one. Nothing tells these apart, and no check
    /// finds it any more: who calls this has to tell. Durable when this returns. Reads every row of all small tables.
    ///
    /// - Returns: what a check said of it.
    package func settleTallies() async throws -> [String] {
        try writable()
        return try await file.write { database in
            try Ledger.all.filter { try $0.settleTally(database) }.map(\.wrongTally)
        }
    }

    /// Sets aside what is damaged of the newest state, so that a backup can go on: its next run reads the source from the
    /// beginning, and stores anew what is missing.
    ///
    /// No row becomes sound by it: older moments lack it as before, and a check goes on telling of it. Durable when this
    /// returns. Reads every leaf of now.
    ///
    /// - Parameter lost: revisions whose content can't be put back.
    /// - Returns: what was damaged; where nothing was, nothing was changed.
    /// - Throws: `VaultError` where more than that is damaged; `CancellationError`.
    package func setDamagedAside(_ lost: [DamagedRevision] = []) async throws -> DamagedState {
        try writable()
        let (vault, uuid, name, path) = (vault, uuid, name, file.path)
        let naming = try file.naming()
        return try await file.write { database in
            var damage = DamagedState()
            var state: StateRow
            switch Result(catching: { try StateRow(database) }) {
            case .success(let row):
                state = row
                if try Self.isDamaged({ try Epoch.newest(database) }) {
                    damage.isEpoch = true
                    try Epoch.renew(state, database)
                }
            case .failure:
                damage.isSum = true
                state = StateRow(vault: vault, database: uuid, name: name)
                state.moment = (try Int.fetchOne(database, sql: "SELECT max(id) FROM moment") ?? 0) + 1
                state.first = try Epoch.newest(database).first
            }
            let unreadable = try lost.flatMap { revision in
                try LeafRow.all(named: naming.name(revision.id), revision.revision, database).map(\.id)
            }
            var search = try CurrentRows(state, without: Set(unreadable), database)
            // How many there were is known only where the sum is.
            let gone = damage.isSum ? 0 : state.leaves - search.state.leaves
            damage.leaves = max(search.damaged.count, gone)
            let settings = try SettingRow.read(Horizon(first: state.first, moment: nil), database).damaged
            let goneSettings = try Ledger.setting.goneRows(database)
            damage.settings = settings.count + goneSettings
            damage.checkpoints = try Ledger.checkpoint.problems(database).count
            guard !damage.isEmpty else { return damage }
            // Without a fitting hash, so that they stay what they are: damaged.
            for (table, rows) in [("leaf", search.damaged), ("setting", settings)] {
                for row in rows {
                    try database.execute(
                        sql: "UPDATE \(table) SET superseded = ? WHERE id = ?", arguments: [state.moment, row])
                }
            }
            if goneSettings > 0 { try SettingRow.insertHole(before: state.moment, first: state.first, database) }
            // What a damaged row added to it can't be known.
            if damage.settings > 0 { try Ledger.setting.tallyAnew(database) }
            try search.countDocuments(database)
            try search.state.write(database)
            // Where it can't be read nobody knows what it said.
            let proof = try? ContentProof.read(at: path, database)
            try Ledger.checkpoint.clear(database)
            if let proof { try Self.put(proof, id: ContentProof.id, database) }
            return damage
        }
    }

    private static func isDamaged(_ read: () throws -> some Any) throws -> Bool {
        do {
            _ = try read()
            return false
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return true
        } catch is DecodingError {
            return true
        }
    }
}

/// The leaves of now, without what is damaged.
private struct CurrentRows {
    /// With the sum of those that are sound.
    var state: StateRow
    var damaged: [Int64] = []

    /// - Parameter unreadable: rows that are sound and stand for content that is lost.
    init(_ state: StateRow, without unreadable: Set<Int64>, _ database: Database) throws {
        self.state = state
        (self.state.leaves, self.state.digest) = (0, DigestSum())
        let rows = try database.cachedStatement(
            sql: "SELECT \(LeafRow.columns) FROM leaf WHERE superseded IS NULL AND added >= ?"
        ).rows(database) { $0.append(state.first) }
        while let (id, row) = try rows.next({ (try $0.integer(0), LeafRow.sound($0)) }) {
            try Task.checkCancellation()
            guard let row, !unreadable.contains(id) else {
                damaged.append(id)
                continue
            }
            self.state.leaves += 1
            self.state.digest += row.digest
        }
    }

    /// Counts the documents, when the damaged leaves are none of now any more.
    mutating func countDocuments(_ database: Database) throws {
        let counts = try Row.fetchOne(
            database,
            sql: """
                SELECT count(*), coalesce(sum(deleted), 0) FROM (SELECT min(deleted) AS deleted FROM leaf \
                WHERE superseded IS NULL AND added >= ? GROUP BY key, name)
                """, arguments: [state.first])
        guard let counts else { return }
        state.deleted = try counts.checked(1)
        state.documents = try counts.checked(0) - state.deleted
    }
}
