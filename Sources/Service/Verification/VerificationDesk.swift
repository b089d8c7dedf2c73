import CouchDB
import Foundation
import Replication
import Supervision

/// What `couchkeep verify` and `couchkeep repair` do with the pairs of a configuration.
package struct VerificationDesk: Sendable {
    private let loaded: LoadedConfiguration
    private let environment: [String: String]?
    private let now: @Sendable () -> Date
    /// Called with the pair's name and each new state of the comparison.
    package var onProgress: @Sendable (String, Verification.Progress) -> Void = { _, _ in }
    /// The pauses before further looks at what seems to differ; the usual ones where nil.
    package var looks: [Duration]?

    package init(
        _ loaded: LoadedConfiguration, environment: [String: String]? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.loaded, self.environment, self.now) = (loaded, environment, now)
    }

    /// Verifies the pairs of a name, or all that are not switched off, one after the other; where the time is limited, those
    /// first that were not verified for longest.
    ///
    /// - Parameter ended: takes the outcome of each.
    /// - Throws: ``PairDirectory/UnknownPair``, `ConfigurationError`, `StateError`, with code `locked` where a pair that was
    ///   named is being verified already; `CancellationError`.
    package func verify(
        _ name: String?, _ order: PairVerifier.Order = PairVerifier.Order(reason: "asked"),
        ended: (VerifiablePair, PairVerifier.Outcome) throws -> Void
    ) async throws {
        try await withPairs { directory, verifier in
            var pairs = try name.map { try directory.pairs(named: $0) } ?? directory.pairs.filter { $0.mode != .off }
            // So that a limited time reaches all of them, one time or another.
            if name == nil, order.maximum != nil { pairs = try await verifier.longestUnverifiedFirst(pairs) }
            let deadline = order.maximum.map { ContinuousClock.now + $0 }
            var order = order
            for pair in pairs {
                order.maximum = deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
                if name == nil, order.maximum == .zero {
                    try ended(pair, verifier.passedOver(pair, order))
                    continue
                }
                do {
                    try ended(pair, try await verifier.run(pair, order))
                } catch let error as StateError where error.code == .locked && name == nil {
                    try ended(pair, verifier.busy(pair, order, error))
                }
            }
        }
    }

    /// Goes on with a verification that was stopped or cut off.
    ///
    /// - Throws: ``PairDirectory/UnknownPair`` where there is none of that number, it can't be resumed, or its pair is gone;
    ///   otherwise as ``verify(_:_:ended:)``.
    package func resume(_ id: Int, maximum: Duration? = nil) async throws -> PairVerifier.Outcome {
        let record = try await show(id).record
        guard record.state == .stopped || record.state == .interrupted else {
            let why =
                record.state == .running
                ? "is running; see couchkeep verify list"
                : "has come to its verdict; start another with couchkeep verify"
            throw PairDirectory.UnknownPair(description: "verification \(id) of \(record.pair) \(why)")
        }
        return try await withPairs { directory, verifier in
            guard let pair = directory.pairs.first(where: { $0.key == record.key }) else {
                throw PairDirectory.UnknownPair(
                    description: "the configuration no longer has the pair \(record.pair) of verification \(id)")
            }
            return try await verifier.resume(record, of: pair, maximum: maximum)
        }
    }

    /// A pair that is opened to be mended.
    package struct Repair: Sendable {
        package let pair: VerifiablePair
        package let sides: PairSides
        /// The verification that has found what differs.
        package let verification: VerificationRecord
        package let differences: [Difference]
        /// Why nothing may be removed from the backup; nil where nothing is known against it.
        package let removalHold: RemovalHold?
        let refusals: StoredRefusals
        let now: @Sendable () -> Date

        /// Copies what is missing, and keeps what the target has refused, for the verifications to come.
        package func mend(_ holes: [Difference]) async throws -> HoleRepair.Report {
            try await sides.mend(holes, of: pair.key, refusals, at: now())
        }
    }

    /// Opens the one pair of a name, with what differs: as a verification of that number has found it, else as a new one
    /// finds it, which is kept like any other. Where one on servers and one in the vault share a name, the latter is
    /// `vault:NAME`.
    ///
    /// - Parameters:
    ///   - mending: whether something is to be copied, which takes the right to write to a vault.
    ///   - removing: whether something is to be removed from the backup.
    /// - Throws: ``PairDirectory/UnknownPair``; ``RemovalHold`` and `SourceNodesAway` before anything is looked at; what kept the
    ///   verification from a verdict; what the body throws.
    package func repairing<Result: Sendable>(
        _ name: String, verification number: Int?, mending: Bool = true, removing: Bool = false,
        _ body: (Repair) async throws -> Result
    ) async throws -> Result {
        try await withPairs { directory, verifier in
            let named = try directory.pairs(named: name)
            // There is one: a name that no pair has was refused.
            let pair = named.first { !$0.isInVault } ?? named[0]
            let hold = RemovalHold(pair.key, in: try await StateFolder(loaded).openForReading().lastReport())
            if removing, let hold { throw hold }
            if removing { try await SourceNodesAway.expectNone(of: CouchReplica(pair.source)) }
            if removing, let hold = RemovalHold(pair.key, in: try await look()) { throw hold }
            let wanted = if let number { number } else { try await verified(pair, verifier) }
            let (record, differences) = try await found(by: wanted, of: pair)
            return try await PairSides.with(
                pair, vault: verifier.vault, environment: environment, now: now(), mending: mending
            ) {
                try await body(
                    Repair(
                        pair: pair, sides: $0, verification: record, differences: differences,
                        removalHold: hold, refusals: verifier.refusals, now: now))
            }
        }
    }

    /// What a check would find now: what the last one could not see yet may be what matters. Nothing is changed.
    private func look() async throws -> Report {
        var check = CheckRun(loaded, environment: environment, now: now)
        check.verifies = false
        return try await check.run(PassOptions(isDryRun: true)).report
    }

    /// Verifies a pair before it is mended.
    ///
    /// - Returns: the verification's number.
    private func verified(_ pair: VerifiablePair, _ verifier: PairVerifier) async throws -> Int {
        let outcome = try await verifier.run(pair, PairVerifier.Order(reason: "repair"))
        if let failure = outcome.failure { throw failure }
        return outcome.record.id
    }

    private func withPairs<Result: Sendable>(
        _ body: (PairDirectory, PairVerifier) async throws -> Result
    ) async throws -> Result {
        let fleet = try await Fleet(loaded, environment: environment)
        return try await fleet.closing {
            let folder = StateFolder(loaded)
            let state = try folder.open()
            let directory = try await PairDirectory(loaded.configuration, fleet: fleet, state: state)
            var verifier = PairVerifier(
                state: state, folder: VerificationFolder(folder),
                vault: loaded.configuration.pairsVault, environment: environment, now: now)
            (verifier.onProgress, verifier.looks) = (onProgress, looks)
            verifier.suspected = Set(
                (try await state.lastReport()?.pairs ?? []).filter(VerifiedLight.isSuspected).map(\.key))
            return try await body(directory, verifier)
        }
    }

    /// The verifications that are remembered, the newest first.
    ///
    /// - Parameter pair: the name of a pair whose are wanted; nil for all.
    package func list(_ pair: String? = nil) async throws -> [VerificationRecord] {
        let folder = StateFolder(loaded)
        guard try folder.exists else { return [] }
        let store = StoredVerifications(try folder.openForReading())
        try await VerificationFolder(folder).markInterrupted(store, at: now())
        let all = try await store.all()
        guard let pair else { return all }
        let found = all.filter { $0.pair == pair || $0.target == pair }
        guard found.isEmpty else { return found }
        let known = Set(all.map(\.pair))
        let meant = PairDirectory.nearest(to: pair, among: known)
        let hint = meant.isEmpty ? "" : "; did you mean \(meant.joined(separator: " or "))?"
        throw PairDirectory.UnknownPair(description: "no verification of a pair \"\(pair)\" is remembered\(hint)")
    }

    /// One verification with the differences that are kept of it.
    ///
    /// - Throws: ``PairDirectory/UnknownPair`` where there is none of that number.
    package func show(_ id: Int) async throws -> (record: VerificationRecord, differences: [VerificationDifference]) {
        guard let record = try await list().first(where: { $0.id == id }) else {
            throw PairDirectory.UnknownPair(
                description: "there is no verification \(id); couchkeep verify list shows those that are remembered")
        }
        let store = StoredVerifications(try StateFolder(loaded).openForReading())
        return (record, try await store.differences(of: id))
    }

    /// All that a verification of a pair has found, from the state database or from its file.
    ///
    /// - Throws: ``PairDirectory/UnknownPair`` where there is none of that number, or it is another pair's.
    package func found(
        by id: Int, of pair: VerifiablePair
    ) async throws -> (record: VerificationRecord, differences: [Difference]) {
        let (record, kept) = try await show(id)
        guard record.key == pair.key else {
            throw PairDirectory.UnknownPair(
                description: "verification \(id) is one of \(record.pair), not of \(pair.name)")
        }
        let all = if let file = record.file { try await DifferenceFile.read(file) } else { kept }
        return (record, try all.map { try $0.difference })
    }

    /// Asks the process that is at a verification to stop; it does within seconds.
    ///
    /// - Parameter word: the verification's number, or its pair's name.
    /// - Throws: ``PairDirectory/UnknownPair`` where nothing of it is running.
    package func stop(_ word: String) async throws -> [VerificationRecord] {
        let running = try await list().filter { $0.state == .running }
        let meant = running.filter { String($0.id) == word || $0.pair == word }
        guard !meant.isEmpty else {
            let known = running.map { "\($0.id) (\($0.pair))" }.joined(separator: ", ")
            throw PairDirectory.UnknownPair(
                description:
                    "no verification \"\(word)\" is running; \(known.isEmpty ? "none is" : "running: \(known)")")
        }
        let store = StoredVerifications(try StateFolder(loaded).open())
        for record in meant { try await store.requestStop(record.id) }
        return meant
    }
}
