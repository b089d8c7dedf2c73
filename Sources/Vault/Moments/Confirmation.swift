import CouchDB
import Foundation
import GRDB

/// That the source gave nothing else than the newest moment has, at a later time.
package struct Confirmation: Sendable, Hashable, Codable {
    /// The number of the moment.
    package var moment: Int
    /// When the source was last read to its end.
    package var time: Date
    /// How far its feed was read then.
    package var sequence: UpdateSequence?

    /// Its place among the checkpoints, which begin anew in each epoch as it does.
    static let id = "confirmation"
}

extension VaultDatabase {
    /// Notes that the source was read once more and gave nothing that the newest moment lacks, instead of making another one.
    ///
    /// - Parameters:
    ///   - sequence: how far the source's feed was read.
    ///   - isComplete: whether that was to its end, as for ``seal(at:sequence:isComplete:setAside:)``.
    ///   - setAside: how many revisions could not be copied.
    /// - Returns: The newest moment; nil, and nothing is noted, where something was stored since, or another end than that
    ///   moment's was come to: another one has to tell of that.
    package func confirm(
        at time: Date, sequence: UpdateSequence?, isComplete: Bool = true, setAside: Int = 0
    ) async throws -> Moment? {
        try writable()
        return try await file.write { database in
            guard let newest = try Moment.all(database).last,
                newest.isComplete == (isComplete && setAside == 0), newest.setAside == setAside,
                try !Self.hasChanged(since: newest, database)
            else { return nil }
            let confirmation = Confirmation(moment: newest.number, time: time, sequence: sequence)
            try Self.put(confirmation, id: Confirmation.id, database)
            return newest
        }
    }

    /// When the newest moment was last confirmed; nil where that was its own run.
    package func confirmation() async throws -> Confirmation? {
        let path = file.path
        return try await file.read { database in
            let confirmation: Confirmation?
            do {
                confirmation = try Self.value(Confirmation.id, called: "the confirmation", at: path, database)
            } catch let error as VaultError where error.code == .damaged {
                // The next one takes its place.
                return nil
            }
            guard let confirmation else { return nil }
            let newest = try Int.fetchOne(database, sql: "SELECT max(id) FROM moment")
            return confirmation.moment == newest ? confirmation : nil
        }
    }

    /// The moment whose state this is: the past one, or the newest one where nothing has come since; nil elsewhere.
    package func momentOfState() async throws -> Moment? {
        if let moment { return moment }
        return try await file.read { database in
            guard let newest = try Moment.all(database).last, try !Self.hasChanged(since: newest, database) else {
                return nil
            }
            return newest
        }
    }

    /// This state at its moment, which nothing changes that comes meanwhile; nil where it is no moment's.
    package func atMomentOfState() async throws -> VaultDatabase? {
        guard moment == nil else { return self }
        guard let moment = try await momentOfState() else { return nil }
        return at(moment)
    }

    /// Whether anything is in the moment that is being written.
    private static func hasChanged(since newest: Moment, _ database: Database) throws -> Bool {
        let state = try StateRow(database)
        guard newest.number == state.moment - 1, newest.epoch == (try Epoch.newest(database)).number,
            newest.digest == state.digest, newest.leaves == state.leaves
        else { return true }
        return try Bool.fetchOne(
            database,
            sql: """
                SELECT (SELECT added FROM leaf ORDER BY id DESC LIMIT 1) IS ?1 \
                OR EXISTS (SELECT 1 FROM setting WHERE added = ?1 OR superseded = ?1)
                """, arguments: [state.moment]) ?? true
    }
}
