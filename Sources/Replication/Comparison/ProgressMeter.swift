import Synchronization

/// Adds up what both sides of a comparison have read.
final class ProgressMeter: Sendable {
    private let state: Mutex<ReplicaComparator.Progress>
    private let report: @Sendable (ReplicaComparator.Progress) -> Void

    init(expected: Int, rows: Int = 0, report: @escaping @Sendable (ReplicaComparator.Progress) -> Void) {
        state = Mutex(ReplicaComparator.Progress(rows: rows, expected: expected))
        self.report = report
    }

    func read(_ rows: Int) { change { ($0.rows, $0.wait) = ($0.rows + rows, nil) } }
    func compared(_ documents: Int) { change { ($0.compared, $0.wait) = ($0.compared + documents, nil) } }
    func wait(_ wait: ReplicaWait) { change { $0.wait = wait } }
    func move() { change { $0.wait = nil } }

    private func change(_ body: (inout ReplicaComparator.Progress) -> Void) {
        report(
            state.withLock { state in
                body(&state)
                return state
            })
    }
}
