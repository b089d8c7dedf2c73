/// The checkpoints of a replication as both sides keep them, and where a new run starts because of them.
struct ReplicationHistory: Sendable, Hashable {
    /// Where a run starts, and the history that it goes on with.
    struct Start: Sendable, Hashable {
        var sequence: OrderedJSON
        var history: [OrderedJSON]
    }

    /// Compares the two logs as `couch_replicator_scheduler_job:compare_replication_logs` does.
    ///
    /// That has a flaw which is kept here: where both logs were written by the same session, the source's position
    /// counts, even if the target's is older because its files were put back.
    static func start(source: OrderedJSON?, target: OrderedJSON?) -> Start {
        let sourceHistory = source?["history"]?.elements ?? []
        let targetHistory = target?["history"]?.elements ?? []
        if let session = source?["session_id"]?.string, session == target?["session_id"]?.string {
            return Start(sequence: source?["source_last_seq"] ?? 0, history: sourceHistory)
        }
        return compare(sourceHistory[...], targetHistory[...])
    }

    private static func compare(_ source: ArraySlice<OrderedJSON>, _ target: ArraySlice<OrderedJSON>) -> Start {
        guard let first = source.first, let other = target.first else { return Start(sequence: 0, history: []) }
        let rest = source.dropFirst()
        if contains(first, in: target) {
            return Start(sequence: first["recorded_seq"] ?? 0, history: Array(rest))
        }
        if contains(other, in: rest) {
            return Start(sequence: other["recorded_seq"] ?? 0, history: Array(target.dropFirst()))
        }
        return compare(rest, target.dropFirst())
    }

    private static func contains(_ entry: OrderedJSON, in history: ArraySlice<OrderedJSON>) -> Bool {
        guard let session = entry["session_id"]?.string else { return false }
        return history.contains { $0["session_id"]?.string == session }
    }
}
