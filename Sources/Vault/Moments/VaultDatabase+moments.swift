import CouchDB
import Foundation
import GRDB

extension VaultDatabase {
    /// All kept moments that can be read, oldest first.
    package func moments() async throws -> [Moment] { try await file.read { try Moment.all($0) } }

    /// All kept moments, oldest first, and the numbers of those whose row is damaged, which can't be read.
    package func allMoments() async throws -> (sound: [Moment], damaged: [Int]) {
        try await file.read { try Moment.read($0) }
    }

    /// The moment with a number.
    ///
    /// - Throws: `VaultError` with code `vault-unknown-moment` or `vault-damaged`.
    package func moment(_ number: Int) async throws -> Moment {
        let (moments, damaged) = try await allMoments()
        if damaged.contains(number) { throw damage(of: [number]) }
        guard let moment = moments.first(where: { $0.number == number }) else {
            throw VaultError(.unknownMoment, "there is no moment \(number)", at: name)
        }
        return moment
    }

    /// The newest moment; nil where there is none yet.
    ///
    /// - Throws: `VaultError` with code `vault-damaged` where it can't be read: an older one is not what was asked for.
    package func newestMoment() async throws -> Moment? {
        let (moments, damaged) = try await allMoments()
        let newer = damaged.filter { $0 > moments.last?.number ?? 0 }
        guard newer.isEmpty else { throw damage(of: newer, older: moments.last) }
        return moments.last
    }

    /// The backup as of its newest moment.
    ///
    /// - Throws: `VaultError` with code `vault-unknown-moment` where there is none yet; as ``newestMoment()``.
    package func atNewest() async throws -> VaultDatabase {
        guard let newest = try await newestMoment() else {
            throw VaultError(
                .unknownMoment, "the backup has no moment yet", at: name, next: "run couchkeep backup first")
        }
        return at(newest)
    }

    func damage(of moments: [Int], older: Moment? = nil) -> VaultError {
        let numbers = moments.map { "\($0)" }.joined(separator: ", ")
        let other = older.map { ", such as --at '#\($0.number)'" } ?? ""
        return VaultError(
            .damaged, "the row of moment \(numbers) was changed", at: name,
            next: "name another moment\(other); see couchkeep vault list")
    }

    package func epochs() async throws -> [Epoch] { try await file.read { try Epoch.all($0) } }

    /// The epoch of now.
    package func newestEpoch() async throws -> Epoch { try await file.read { try Epoch.newest($0) } }

    /// Makes a moment of what was stored since the last one; durable when this returns.
    ///
    /// - Parameters:
    ///   - sequence: how far the source's feed was read.
    ///   - isComplete: whether the feed was read to its end.
    ///   - setAside: how many revisions could not be copied.
    @discardableResult
    package func seal(
        at time: Date, sequence: UpdateSequence?, isComplete: Bool, setAside: Int = 0
    ) async throws -> Moment {
        try writable()
        file.onStep?(.beforeSeal)
        let moment = try await file.write { database in
            try Self.seal(
                at: time, sequence: sequence, isComplete: isComplete && setAside == 0, setAside: setAside, database)
        }
        file.onStep?(.afterSeal)
        try await witness(moment)
        file.onStep?(.catalogueWritten)
        return moment
    }

    /// Notes that a moment was compared and found equal, so that no pruning drops the newest such moment.
    ///
    /// - Parameter content: whether its content was compared, and not its revisions alone; the newest such moment is kept too.
    package func markVerified(_ number: Int, content: Bool, at time: Date) async throws {
        try writable()
        let (name, path) = (name, file.path)
        let moment = try await file.write { database -> Moment? in
            let moments = try Moment.all(database)
            guard moments.contains(where: { $0.number == number }) else {
                throw VaultError(.unknownMoment, "the moment \(number) is not in the vault", at: name)
            }
            try Ledger.moment.update(number, set: "verified", to: time.milliseconds, database)
            if content { try ContentProof.note(number, among: moments, at: path, database) }
            return try Moment.all(database).last
        }
        if let moment { try await witness(moment) }
    }

    /// Compares the source with the one that was backed up, and begins a new epoch where it is not the same state of the
    /// same database. Nothing of the old epochs is lost.
    ///
    /// A new epoch has no documents and no checkpoints yet: the next run reads everything.
    ///
    /// - Throws: `VaultError` with code `vault-other-database` where the source is another database.
    package func recognise(_ source: SourceIdentity, at time: Date) async throws -> SourceVerdict {
        try writable()
        let name = name
        let (verdict, sealed) = try await file.write { database -> (SourceVerdict, Moment?) in
            let epoch = try Epoch.newest(database)
            let verdict = SourceVerdict(remembered: epoch.source, found: source)
            var remembered = source
            var sealed: Moment?
            switch verdict {
            case .other(let reason): throw VaultError(.otherDatabase, reason, at: name)
            case .newEpoch(let reason):
                sealed = try Self.beginEpoch(after: epoch, source, reason: reason, at: time, database)
                return (verdict, sealed)
            case .first: break
            case .same:
                // A mark is remembered when it was left, and no sooner.
                remembered.marker = epoch.source.marker
                remembered.markedMoment = epoch.source.markedMoment
                remembered.instanceStartTime = source.instanceStartTime ?? epoch.source.instanceStartTime
                remembered.purgeSequence = epoch.source.purgeSequence ?? source.purgeSequence
            }
            try Ledger.epoch.update(
                epoch.number, set: "source", to: try JSONEncoder().encode(remembered), database)
            return (verdict, nil)
        }
        if let sealed { try await witness(sealed) }
        return verdict
    }

    /// Notes the mark that was left in the source, after the source has acknowledged it; or nil, that it takes none.
    package func noteMarker(_ marker: String?, moment: Int) async throws {
        try writable()
        try await file.write { database in
            let epoch = try Epoch.newest(database)
            var source = epoch.source
            (source.marker, source.markedMoment) = (marker, moment)
            try Ledger.epoch.update(epoch.number, set: "source", to: try JSONEncoder().encode(source), database)
        }
    }

    /// Begins a new epoch of a source that is known to have lost what was read of it.
    package func beginEpoch(_ source: SourceIdentity, reason: String, at time: Date) async throws {
        try writable()
        let sealed = try await file.write { database in
            try Self.beginEpoch(after: Epoch.newest(database), source, reason: reason, at: time, database)
        }
        if let sealed { try await witness(sealed) }
    }

    /// Notes up to where the source's purges were followed.
    package func notePurges(_ sequence: String?) async throws {
        try writable()
        try await file.write { database in
            let epoch = try Epoch.newest(database)
            var source = epoch.source
            source.purgeSequence = sequence
            try Ledger.epoch.update(epoch.number, set: "source", to: try JSONEncoder().encode(source), database)
        }
    }

    private static func seal(
        at time: Date, sequence: UpdateSequence?, isComplete: Bool, setAside: Int, _ database: Database
    ) throws -> Moment {
        var state = try StateRow(database)
        let epoch = try Epoch.newest(database)
        try Ledger.moment.insert(
            [
                state.moment, time.milliseconds, epoch.number, try sequence.map { try JSONEncoder().encode($0) },
                isComplete ? 1 : 0, setAside, state.documents, state.deleted, state.leaves, state.digest.data, nil,
            ], database)
        let number = state.moment
        state.moment += 1
        try state.write(database)
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT \(Moment.columns) FROM moment WHERE id = ?", arguments: [number])
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a moment is missing") }
        return try Moment(row)
    }

    /// Seals what an interrupted run left, as an incomplete moment, and begins an epoch behind it.
    private static func beginEpoch(
        after epoch: Epoch, _ source: SourceIdentity, reason: String, at time: Date, _ database: Database
    ) throws -> Moment? {
        var sealed: Moment?
        let open = try StateRow(database).moment
        let hasRows =
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM leaf WHERE added = ?1 OR superseded = ?1)",
                arguments: [open]) ?? false
        if hasRows {
            sealed = try seal(at: time, sequence: nil, isComplete: false, setAside: 0, database)
        }
        let state = try StateRow(database)
        var next = StateRow(vault: state.vault, database: state.database, name: state.name)
        (next.moment, next.first) = (state.moment, state.moment)
        try next.write(database)
        try Ledger.epoch.insert(
            [
                epoch.number + 1, state.moment, time.milliseconds, try JSONEncoder().encode(source), reason,
            ], database)
        try Ledger.checkpoint.delete(where: "id <> ?", [ContentProof.id], database)
        return sealed
    }
}
