import Synchronization

/// Adds up what both sides of a comparison have read.
final class ProgressMeter: Sendable {
    private let state: Mutex<ReplicaComparator.Progress>
    private let report: @Sendable (ReplicaComparator.Progress) -> Void

    init(expected: Int, rows: Int = 0, report: @escaping @Sendable (ReplicaComparator.Progress) -> Void) {
        state = Mutex(ReplicaComparator.Progress(rows: rows, expected: expected))
        self.report = report
    }

    func read(_ rows: Int) { change { $0.rows += rows } }
    func compared(_ documents: Int) { change { $0.compared += documents } }

    private func change(_ body: (inout ReplicaComparator.Progress) -> Void) {
        report(
            state.withLock { state in
                body(&state)
                return state
            })
    }
}
