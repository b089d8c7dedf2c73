import CouchDB
import Foundation

/// The state of one pass while it runs.
struct Pass {
    let options: PassOptions
    var pairMemories: [String: PairMemory]
    var serverMemories: [String: ServerMemory]
    var pairs: [Pair] = []
    var unprotected: [String: [String]] = [:]
    var unmatched: [String: [String]] = [:]
    var conflicts: [String: [String]] = [:]
    var servers: [String: ServerObservation] = [:]
    var serverFindings: [String: [Finding]] = [:]
    var indices: [String: ReplicationIndex] = [:]
    var situations: [String: PairSituation] = [:]
    var findings: [String: [Finding]] = [:]
    var repairs: [String: [RepairRecord]] = [:]
    /// The pairs that the last round of repairs has changed.
    var touched: Set<String> = []

    init(options: PassOptions, pairMemories: [String: PairMemory], serverMemories: [String: ServerMemory]) {
        self.options = options
        self.pairMemories = pairMemories
        self.serverMemories = serverMemories
    }

    /// Takes replaced servers and sources as they are now for the right ones, at the user's word.
    ///
    /// Only those that an earlier pass has told of: nobody can accept what nobody has seen.
    mutating func acceptWhatWasTold(at moment: Date) {
        for (name, memory) in serverMemories
        where options.isAdopted(name) && memory.findingsSince[ServerReplaced.name] != nil {
            serverMemories[name]?.uuid = nil
            for pair in pairs where [pair.source.server, pair.target.server].contains(name) {
                accepted("the server \(name)", ServerReplaced.name, pair, at: moment)
            }
        }
        for pair in pairs where options.isAdopted(pair.name) {
            guard let told = pairMemories[pair.key]?.acceptSource() else { continue }
            accepted("the source", told, pair, at: moment)
        }
    }

    private mutating func accepted(_ what: String, _ rule: String, _ pair: Pair, at moment: Date) {
        repairs[pair.key, default: []].append(
            RepairRecord.acceptance(of: what, rule, isPlanned: options.isDryRun, at: moment))
    }

    /// All pairs ever seen.
    var remembered: Set<RememberedPair> { Set(pairMemories.values.compactMap(RememberedPair.init)) }

    /// Applies the rules about servers.
    mutating func diagnoseServers(
        urls: [String: String], authorityFiles: [String: String], at moment: Date
    ) {
        for (name, observation) in servers {
            let own = pairs.filter { $0.source.server == name || $0.target.server == name }
            let peers = Set(own.filter { $0.coordinator == name }.flatMap { [$0.source.server, $0.target.server] })
            let situation = ServerSituation(
                observation: observation, memory: serverMemories[name] ?? ServerMemory(), pairs: own,
                url: urls[name] ?? name, authorityFile: authorityFiles[name],
                peerURLs: peers.sorted().compactMap { urls[$0] },
                unprotected: unprotected[name] ?? [], unmatched: unmatched[name] ?? [],
                conflicts: conflicts[name] ?? [], now: moment)
            let found = RuleCatalogue.serverRules.compactMap { $0.diagnose(situation) }
            serverFindings[name] = found
            serverMemories[name, default: ServerMemory()].advance(after: observation, at: moment, findings: found)
        }
    }

    /// Applies the rules about pairs to what was just observed, and remembers.
    mutating func diagnosePairs(_ keys: Set<String>, at moment: Date) {
        for key in keys {
            guard let situation = situations[key] else { continue }
            let found = RuleCatalogue.pairRules.compactMap { $0.diagnose(situation) }
            findings[key] = found
            pairMemories[key, default: PairMemory()].advance(after: situation, findings: found)
        }
    }

    /// Remembers since when a light has been what it is.
    mutating func remember(_ light: Light, for pair: Pair) {
        guard var memory = pairMemories[pair.key], memory.light != light.state.rawValue else { return }
        memory.light = light.state.rawValue
        memory.lightSince = memory.lastPass
        pairMemories[pair.key] = memory
    }
}
