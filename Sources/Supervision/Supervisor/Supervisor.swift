import CouchDB
import Foundation

/// Looks at all pairs, says what is wrong, repairs what it may, and remembers.
///
/// Level-triggered: a pass looks at the world afresh, and a second one right behind it changes nothing more.
package struct Supervisor: Sendable {
    /// The servers, by their names in the configuration.
    let servers: [String: SupervisedServer]
    /// The names of the servers that are a source in the configuration.
    let sources: Set<String>
    let selectPairs: PairSelector
    let state: StateDatabase
    let pacing: RepairPacing
    let now: @Sendable () -> Date

    package init(
        servers: [SupervisedServer], sources: Set<String>, selectPairs: @escaping PairSelector, state: StateDatabase,
        pacing: RepairPacing = .standard,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.servers = Dictionary(servers.map { ($0.name, $0) }) { first, _ in first }
        self.sources = sources
        self.selectPairs = selectPairs
        self.state = state
        self.pacing = pacing
        self.now = now
    }

    /// What a pass leaves: the report, and what is to be remembered with ``remember(_:)``.
    package struct Outcome: Sendable {
        package var report: Report
        package fileprivate(set) var pairMemories: [String: PairMemory]
        fileprivate var serverMemories: [String: ServerMemory]
    }

    /// Runs one pass: observe, diagnose, plan, repair, look again.
    ///
    /// What a server refuses or where it does not answer is a finding, not an error.
    ///
    /// - Throws: `StateError` where the memory can't be read, and `CancellationError`.
    ///   Before a repair its intent is in the memory, so a pass that was cut short is finished by the next.
    package func pass(_ options: PassOptions = PassOptions()) async throws -> Outcome {
        let names = RenamedServers(
            before: try await state.lastReport()?.servers ?? [],
            now: servers.mapValues { $0.connection.url.description })
        var pass = Pass(
            options: options, pairMemories: names.renamed(try await state.pairMemories()),
            serverMemories: names.renamed(try await state.serverMemories()))
        for key in pass.pairMemories.keys { pass.pairMemories[key]?.clamp(to: now()) }
        for key in pass.pairMemories.keys { pass.pairMemories[key]?.clampFuture(to: now()) }
        try await observeServers(&pass)
        // The last round only looks.
        for round in 1...Self.repairRounds + 1 {
            let keys = round == 1 ? Set(pass.pairs.map(\.key)) : pass.touched
            if keys.isEmpty { break }
            if round > 1 { try await lookAgain(&pass) }
            try await observePairs(keys, in: &pass)
            pass.diagnosePairs(keys, at: now())
            guard round <= Self.repairRounds else { break }
            try await repair(keys, rescans: round == 1 ? options.rescans : [], in: &pass)
            if options.isDryRun { break }
        }
        let report = report(of: &pass)
        return Outcome(report: report, pairMemories: pass.pairMemories, serverMemories: pass.serverMemories)
    }

    /// Writes what a pass leaves into the memory, in one transaction.
    ///
    /// - Throws: `StateError`; the memory of the pass before is then kept.
    package func remember(_ outcome: Outcome) async throws {
        try await state.store(pairs: outcome.pairMemories, servers: outcome.serverMemories, report: outcome.report)
    }

    private func report(of pass: inout Pass) -> Report {
        let pairs = pass.pairs.map { pair -> PairReport in
            let source = url(of: pair.source)
            let target = url(of: pair.target)
            guard let situation = pass.situations[pair.key] else { return .off(pair, source: source, target: target) }
            let memory = pass.pairMemories[pair.key] ?? PairMemory()
            let report = PairReport(
                situation, memory: memory, findings: pass.findings[pair.key] ?? [],
                repairs: pass.repairs[pair.key] ?? [],
                source: source, target: target)
            pass.remember(report.lights.replicating, for: pair)
            return report
        }
        let servers = pass.servers.values.sorted { $0.name < $1.name }.map { server in
            ServerReport(
                name: server.name, url: self.servers[server.name]?.connection.url.description ?? "",
                reachable: server.info.value != nil || server.info.error?.isRejection == true,
                version: server.info.value?.version.description ?? pass.serverMemories[server.name]?.version,
                findings: pass.serverFindings[server.name] ?? [])
        }
        let unprotected = pass.unprotected.flatMap { server, names in names.map { "\(server)/\($0)" } }.sorted()
        return Report(at: now(), pairs: pairs, servers: servers, unprotected: unprotected)
    }

    func url(of address: DatabaseAddress) -> String {
        servers[address.server]?.connection.url.databaseURL(address.database) ?? "\(address.server)/\(address.database)"
    }
}
