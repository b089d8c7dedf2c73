import CouchDB
import Foundation

extension Supervisor {
    /// How many pairs are looked at at a time; each server's connection has a limit of its own below that.
    static let concurrentPairs = 16
    private static let manyPairs = 1000

    /// Asks every server who it is and what it has, chooses the pairs, and reads the lists.
    func observeServers(_ pass: inout Pass) async throws {
        let identified = try await servers.values.sorted { $0.name < $1.name }
            .concurrentMap(atMost: Self.concurrentPairs) { [sources] server in
                try await ServerObserver(server: server).identify(listsDatabases: sources.contains(server.name))
            }
        for observation in identified { pass.servers[observation.name] = observation }
        let names = pass.servers.filter { sources.contains($0.key) }.mapValues(\.databaseNames)
        let selection = selectPairs(names, pass.remembered)
        pass.pairs = selection.pairs
        pass.unprotected = selection.unprotected
        pass.unmatched = selection.unmatched
        pass.conflicts = selection.conflicts
        pass.acceptWhatWasTold(at: now())
        try await readLists(of: Set(pass.servers.keys), in: &pass)
    }

    /// Reads the databases and replications of servers that could be reached, and says what is wrong with servers.
    private func readLists(of names: Set<String>, in pass: inout Pass) async throws {
        let observed = pass.pairs.filter { $0.mode != .off }
        let needed = names.sorted().map { name in
            (
                name: name,
                databases: Set(
                    observed.flatMap { [$0.source, $0.target] }.filter { $0.server == name }.map(\.database)
                ).sorted(),
                coordinates: observed.contains { $0.coordinator == name }
            )
        }
        let read = try await needed.concurrentMap(atMost: Self.concurrentPairs) {
            [servers, observations = pass.servers] need in
            guard let server = servers[need.name], var observation = observations[need.name],
                let info = observation.info.value
            else { return (need.name, ServerObservation?.none) }
            let observer = ServerObserver(server: server)
            if let error = observation.login.error {
                // Without a login, lists may be empty for want of rights; that must not look like nothing.
                observation.databases = .unknown(error)
                return (need.name, observation)
            }
            observation.databases = try await observer.databases(need.databases)
            if need.coordinates { observation.replications = try await observer.replications(on: info) }
            // Last: a node that goes away meanwhile is not taken for one whose jobs and copies were seen.
            observation.note(try await observer.membership())
            return (need.name, observation)
        }
        for case (let name, let observation?) in read {
            pass.servers[name] = observation
            pass.indices[name] = observation.replications.map(ReplicationIndex.init)
        }
        pass.diagnoseServers(
            urls: servers.mapValues { $0.connection.url.description },
            authorityFiles: servers.compactMapValues { $0.connection.configuration.certificateAuthorityFile }, at: now()
        )
    }

    /// Reads the lists again after repairs, once the server that runs them has taken notice.
    func lookAgain(_ pass: inout Pass) async throws {
        let touched = pass.pairs.filter { pass.touched.contains($0.key) }
        for (name, pairs) in Dictionary(grouping: touched, by: \.coordinator) {
            guard let server = servers[name], pass.servers[name]?.info.value?.hasScheduler == true else { continue }
            try await settle(server.connection, awaiting: Set(pairs.map { OwnershipMark.documentID(for: $0) }))
        }
        try await readLists(of: Set(touched.flatMap { [$0.source.server, $0.target.server] }), in: &pass)
    }

    /// Waits until the scheduler has picked up the documents that it knows of, or the patience has run out.
    private func settle(_ connection: ServerConnection, awaiting documents: Set<String>) async throws {
        for _ in 0..<pacing.attempts {
            guard
                let rows = try await Observed.catching({ try await connection.schedulerDocuments(in: "_replicator") })
                    .value
            else { return }
            let picked = Set(rows.filter { $0.state != nil && $0.state != .initializing }.map(\.documentID))
            let existing = try await Observed.catching {
                try await connection.replicationDocuments(in: "_replicator")
            }.value.map { Set($0.map(\.id)) }
            if documents.intersection(existing ?? []).isSubset(of: picked) { return }
            try await pacing.pause()
        }
    }

    /// Looks at pairs: the lag of each, and more where there is a reason or it is the pair's turn.
    func observePairs(_ keys: Set<String>, in pass: inout Pass) async throws {
        let pairs = pass.pairs.filter { keys.contains($0.key) && $0.mode != .off }
        let turn = routine(pairs, memories: pass.pairMemories)
        let snapshot = pass
        let situations = try await pairs.concurrentMap(atMost: Self.concurrentPairs) { pair in
            try await observe(pair, isTurn: turn.contains(pair.key), in: snapshot)
        }
        for (pair, situation) in zip(pairs, situations) { pass.situations[pair.key] = situation }
    }

    /// The pairs whose turn it is to be inspected: those for which it was longest ago.
    private func routine(_ pairs: [Pair], memories: [String: PairMemory]) -> Set<String> {
        let oldest = pairs.sorted { left, right in
            let leftAt = memories[left.key]?.lastInspection ?? .distantPast
            let rightAt = memories[right.key]?.lastInspection ?? .distantPast
            return (leftAt, left.key) < (rightAt, right.key)
        }
        return Set(oldest.prefix(InspectionReasons.routineBudget(pairs: pairs.count)).map(\.key))
    }

    private func observe(_ pair: Pair, isTurn: Bool, in pass: Pass) async throws -> PairSituation {
        let memory = pass.pairMemories[pair.key] ?? PairMemory()
        let unasked = CouchError(.unreachable, "the server was not asked")
        let sourceServer = pass.servers[pair.source.server] ?? .unreachable(pair.source.server, unasked)
        let targetServer = pass.servers[pair.target.server] ?? .unreachable(pair.target.server, unasked)
        guard let source = servers[pair.source.server], let target = servers[pair.target.server] else {
            throw CouchError(.invalidInput, "the pair \(pair.name) names a server that is not configured")
        }
        let desired = DesiredReplication(
            pair: pair, source: source.access, target: target.access,
            coordinator: pass.servers[pair.coordinator]?.info.value)
        var observation = PairObservation(
            pair: pair, at: now(), sourceServer: sourceServer.info, targetServer: targetServer.info,
            source: sourceServer.database(pair.source.database), target: targetServer.database(pair.target.database),
            replication: replication(of: pair, desired: desired, in: pass),
            progress: .unknown(CouchError(.notFound, "there is no replication")))
        var observer = PairObserver(
            pair: pair, memory: memory, source: source.connection.database(pair.source.database),
            target: target.connection.database(pair.target.database))
        // Of very many pairs the memory would be large.
        if pass.pairs.count > Self.manyPairs { observer.changesKept = 8 }
        try await confirmDatabases(&observation, memory: memory, observer: observer)
        // What seems to be lost is believed on a cluster at a second look alone.
        // And what was away is away until the same question says otherwise.
        let isThorough =
            isTurn || memory.sourceSuspect != nil || memory.targetSuspect != nil || !memory.latches.isEmpty
            || memory.sourceNodesAway != nil || memory.targetNodesAway != nil
        if let cluster = sourceServer.nodes(after: pass.serverMemories[pair.source.server]) {
            observation.sourceNodesAway = try await observer.source.nodesAway(
                observation.source.copyCounts(in: cluster), of: cluster, isThorough: isThorough)
        }
        if let cluster = targetServer.nodes(after: pass.serverMemories[pair.target.server]) {
            observation.targetNodesAway = try await observer.target.nodesAway(
                observation.target.copyCounts(in: cluster), of: cluster, isThorough: isThorough)
        }
        if let info = observation.source.info, let targetInfo = observation.target.info,
            let replication = observation.replication.value
        {
            observation.progress = try await observer.progress(of: replication, source: info)
            var reasons = InspectionReasons.reasons(for: observation, memory: memory)
            if isTurn { reasons.insert(.routine) }
            if !reasons.isEmpty {
                observation.inspection = try await observer.inspect(
                    reasons, replication: replication, checkpoint: observation.progress.value?.checkpoint,
                    source: info, target: targetInfo)
            }
        } else if let error = observation.replication.error {
            observation.progress = .unknown(error)
        }
        return PairSituation(
            observation: observation, memory: memory,
            sourceServerFindings: pass.serverFindings[pair.source.server] ?? [],
            targetServerFindings: pass.serverFindings[pair.target.server] ?? [], desired: desired,
            proof: proof(of: pair, pass.options.proofs),
            equalSince: pass.options.equalities[proofKey(of: pair)])
    }

    /// What the last comparison says of a pair; pairs that are only watched are not compared by themselves.
    private func proof(of pair: Pair, _ proofs: [String: Date]?) -> ComparisonProof {
        guard let proofs else { return .notDemanded }
        let key = proofKey(of: pair)
        guard pair.mode == .manage else { return proofs[key].map { .offered(since: $0) } ?? .notDemanded }
        return proofs[key].map { .equal(since: $0) } ?? .none
    }

    private func proofKey(of pair: Pair) -> String {
        PassOptions.proofKey(source: url(of: pair.source), target: url(of: pair.target))
    }

    /// Reads a side again that seems to have gone back in time.
    private func confirmDatabases(
        _ observation: inout PairObservation, memory: PairMemory, observer: PairObserver
    ) async throws {
        if let info = observation.source.info {
            observation.source = .present(
                try await PairObserver.confirmed(info, against: memory.sourceCounts, of: observer.source))
        }
        if let info = observation.target.info {
            observation.target = .present(
                try await PairObserver.confirmed(info, against: memory.targetCounts, of: observer.target))
        }
    }

    /// What replicates a pair; unknown where the coordinator's lists could not be read completely.
    private func replication(of pair: Pair, desired: DesiredReplication, in pass: Pass) -> Observed<
        ReplicationObservation
    > {
        let coordinator = pass.servers[pair.coordinator]
        if let error = coordinator?.info.error ?? coordinator?.login.error { return .unknown(error) }
        guard let replications = coordinator?.replications, let index = pass.indices[pair.coordinator] else {
            return .unknown(CouchError(.unreachable, "the replications of \(pair.coordinator) were not read"))
        }
        let found = index.replication(for: desired)
        // A node that is down hides its jobs, but a job that is seen is there.
        if let error = replications.blindness, replications.documents.value == nil || found.primary?.job == nil {
            return .unknown(error)
        }
        return .known(found)
    }
}
