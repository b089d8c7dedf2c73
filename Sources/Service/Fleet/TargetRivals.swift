import Supervision

/// The pairs that the configuration makes of one target.
struct TargetRivals {
    private let target: DatabaseAddress
    private let sources: [DatabaseAddress]
    /// The source whose backup the target is; nil where nobody can tell, so that none may be copied there.
    private let holder: DatabaseAddress?

    init(_ pairs: [Pair], remembered: Set<RememberedPair>) {
        target = pairs[0].target
        sources = Set(pairs.map(\.source)).sorted { ($0.server, $0.database) < ($1.server, $1.database) }
        let known = sources.filter { remembered.contains(RememberedPair(source: $0, target: pairs[0].target)) }
        holder = sources.count == 1 ? sources[0] : known.count == 1 ? known[0] : nil
    }

    /// Why a pair is left out; nil where it isn't.
    func conflict(of pair: Pair) -> String? {
        guard pair.source != holder else { return nil }
        func text(_ address: DatabaseAddress) -> String { "\(address.server)/\(address.database)" }
        return sources.map(text).joined(separator: " and ") + " would share the target \(text(target)); "
            + (holder.map { "it stays the backup of \(text($0))" } ?? "none is backed up into it")
    }
}
