import CouchDB
import Synchronization

/// Adds up what the tasks of a comparison of bodies have done.
final class BodyTally: Sendable {
    private static let namedUnreadable = 100

    private let state: Mutex<BodyReport>
    private let onProgress: @Sendable (BodyProgress) -> Void

    init(expected: Int, report: @escaping @Sendable (BodyProgress) -> Void) {
        var state = BodyReport()
        state.progress.expected = expected
        self.state = Mutex(state)
        onProgress = report
    }

    var report: BodyReport { state.withLock { $0 } }

    func listed(_ rows: Int, chosen: Int) {
        change { report in
            report.progress.rows += rows
            report.progress.chosen += chosen
        }
    }

    func read(_ bytes: Int) { change { $0.progress.bytes += bytes } }
    func ended(at sequence: UpdateSequence) { change { $0.sequence = sequence } }
    func differs(_ difference: Difference) { change { $0.counts.count(difference.kind) } }

    /// Notes what became of the leaf revisions of one document.
    func compared(_ verdicts: [BodyVerdict]) {
        change { report in
            report.progress.compared += 1
            if verdicts.allSatisfy({ $0 == .equal }) { report.counts.equal += 1 }
            for verdict in verdicts {
                switch verdict {
                case .equal, .differs: report.revisions += 1
                case .gone(.source): report.overtaken += 1
                case .gone(.target): report.absent += 1
                case .unreadable(let side, let refusal), .notGiven(let side, let refusal):
                    report.unreadable += 1
                    guard report.unreadableRevisions.count < Self.namedUnreadable else { continue }
                    report.unreadableRevisions.append(BodyReport.Unreadable(side: side, refusal: refusal))
                // Settled before.
                case .doubtful: break
                }
            }
        }
    }

    private func change(_ body: (inout BodyReport) -> Void) {
        onProgress(
            state.withLock { state in
                body(&state)
                return state.progress
            })
    }
}
