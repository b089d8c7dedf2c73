import CouchDB
import Foundation

/// The side of a pair of which a crashed job speaks.
enum CrashedSide: Sendable, Hashable, CaseIterable {
    case source
    case target

    /// The side whose address is in a reason; nil where that is neither's, or may be both's.
    static func named(in reason: String, _ desired: DesiredReplication) -> CrashedSide? {
        // One proxy may stand before both servers, so the databases are looked for first.
        let addresses = Set(addresses(in: reason).map(EndpointSpelling.normalized))
        let byDatabase = allCases.filter { !$0.aliases(desired).isDisjoint(with: addresses) }
        if byDatabase.count == 1 { return byDatabase.first }
        let byServer = allCases.filter { side in
            side.aliases(desired).compactMap(server).contains { reason.contains($0) }
        }
        return byServer.count == 1 ? byServer.first : nil
    }

    /// The side in a summary.
    var words: String {
        switch self {
        case .source: " (at the source)"
        case .target: " (at the target)"
        }
    }

    /// Whether the side's database is there, and was when the job did not find it.
    func wasThere(at crash: Date, in situation: PairSituation) -> Bool {
        guard let info = info(situation.observation) else { return false }
        if let made = info.identity.flatMap({ Double($0) }) { return made <= crash.timeIntervalSince1970 }
        // Before 3.3 a server does not tell since when it is there: the crash lay between two looks at it, then or now.
        let memory = situation.memory
        if memory.latches[ReplicationCrashing.name]?.evidence["cause"]?.string == CrashCause.addressWrong.rawValue {
            return true
        }
        guard hasBeenSeen(memory), let last = memory.lastPass else { return false }
        return last < crash
    }

    private func aliases(_ desired: DesiredReplication) -> Set<String> {
        switch self {
        case .source: desired.sourceAliases
        case .target: desired.targetAliases
        }
    }

    private func info(_ observation: PairObservation) -> DatabaseInfo? {
        switch self {
        case .source: observation.source.info
        case .target: observation.target.info
        }
    }

    /// Whether the last look has found the database.
    private func hasBeenSeen(_ memory: PairMemory) -> Bool {
        switch self {
        case .source: memory.sourceSeen != nil && memory.findingsSince[SourceMissing.name] == nil
        case .target: memory.targetSeen != nil && memory.findingsSince[TargetMissing.name] == nil
        }
    }

    /// The addresses in a reason, and the bare name that 1.x writes of a database of its own.
    private static func addresses(in reason: String) -> [String] {
        let urls = reason.matches(of: #/https?:\/\/[^\s"'`,}>]*/#).map { String($0.output) }
        let name = reason.firstMatch(of: #/could not open (\S+)$/#).map { String($0.output.1) }
        return urls + [name].compactMap(\.self)
    }

    /// The beginning of a URL up to the host's end; nil for a bare name.
    private static func server(of alias: String) -> String? {
        guard let scheme = alias.firstRange(of: "://") else { return nil }
        return alias[..<scheme.upperBound] + alias[scheme.upperBound...].prefix { $0 != "/" } + "/"
    }
}
