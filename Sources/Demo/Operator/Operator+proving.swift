import Backup
import CouchDB
import Replication
import Service
import Supervision

/// What proves a backup.
extension Operator {
    /// `couchkeep verify PAIR`
    func verify(_ pair: String) async throws -> PairVerifier.Outcome {
        var desk = VerificationDesk(try load())
        desk.looks = Self.shortLooks
        var outcomes: [PairVerifier.Outcome] = []
        try await desk.verify(pair) { _, outcome in outcomes.append(outcome) }
        guard let outcome = outcomes.first, outcomes.count == 1 else {
            throw DemoFailure(.unexpected, "there should be one pair \(pair), and there are \(outcomes.count)")
        }
        if let failure = outcome.failure { throw failure }
        return outcome
    }

    /// `couchkeep repair PAIR`
    func repair(_ pair: String) async throws -> HoleRepair.Report {
        try await withDifferences(of: pair) { differences, sides in
            try await HoleRepair(sides.source, sides.target).run(differences)
        }
    }

    /// `couchkeep repair PAIR --remove-extra --confirm`, where nothing is missing
    func removeExtra(_ pair: String) async throws -> ExtraRemoval.Report {
        try await withDifferences(of: pair) { differences, sides in
            guard let target = sides.target as? CouchReplica else {
                throw DemoFailure(.unexpected, "the backup of \(pair) should be on a server")
            }
            return try await ExtraRemoval(sides.source, target).run(differences)
        }
    }

    private func withDifferences<Result: Sendable>(
        of pair: String, _ body: @escaping @Sendable ([Difference], PairSides) async throws -> Result
    ) async throws -> Result {
        var desk = try VerificationDesk(load())
        desk.looks = Self.shortLooks
        return try await desk.repairing(pair, verification: nil) { try await body($0.differences, $0.sides) }
    }

    /// `couchkeep drill PAIR --in-memory`
    func drill(_ pair: String) async throws -> DrillReport {
        let loaded = try load()
        let fleet = try await Fleet(loaded)
        return try await fleet.closing {
            let state = try StateFolder(loaded).open()
            let pairs = try await PairDirectory(loaded.configuration, fleet: fleet, state: state).pairs(named: pair)
            try expect(pairs.count == 1, "there should be one pair \(pair), and there are \(pairs.count)")
            let report = try await DrillDesk(loaded.configuration.pairsVault)
                .rehearse(pairs[0].backup, DrillDesk.Order(place: .memory, stop: StopRequest()) { $0 })
            try await StoredDrills(state).store(report)
            return report
        }
    }
}
