import CouchDB

/// Makes calls of one replica again that failed in a way that may pass.
package struct Retrier: Sendable {
    let side: ReplicationFailure.Side
    let replica: any Replica
    let options: ReplicationOptions
    let throttle: Throttle
    private let state: RunState?
    private let onWait: @Sendable (ReplicaWait) -> Void

    /// - Parameters:
    ///   - parallelism: the most calls at a time.
    ///   - state: what counts failed calls; nil where nothing does.
    ///   - onWait: is told of each pause.
    init(
        _ side: ReplicationFailure.Side, _ replica: any Replica, options: ReplicationOptions, parallelism: Int,
        clock: RunClock, state: RunState? = nil, onWait: @escaping @Sendable (ReplicaWait) -> Void = { _ in }
    ) {
        (self.side, self.replica, self.options) = (side, replica, options)
        throttle = Throttle(options.window(of: side, parallelism: parallelism), clock: clock)
        (self.state, self.onWait) = (state, onWait)
    }

    /// For single calls, outside of a replication.
    ///
    /// - Parameter onWait: is told of each pause.
    package init(
        _ side: ReplicationFailure.Side, _ replica: any Replica, options: ReplicationOptions, clock: RunClock = .system,
        onWait: @escaping @Sendable (ReplicaWait) -> Void = { _ in }
    ) {
        self.init(side, replica, options: options, parallelism: 1, clock: clock, state: nil, onWait: onWait)
    }

    /// What is to be done after a call failed.
    enum Decision: Sendable {
        case again
        /// The replica answers otherwise: something in the call may be what it fails of.
        case split(reason: String)
    }

    /// Decides after so many failed attempts, and waits before the next one.
    func decision(after error: any Error, attempts: Int) async throws -> Decision {
        try Task.checkCancellation()
        if error is ReplicationFailure { throw error }
        if let local = LocalFileFailure(error) { throw local }
        guard FailureKind(error) == .passing, attempts < options.attempts else {
            throw ReplicationFailure(side: side, underlying: error, counts: state?.counts ?? ReplicationCounts())
        }
        state?.callFailed()
        try await throttle.backOff { pause in
            let wait = ReplicaWait.server(side, pause: pause, because: "\(error)")
            state?.waits(for: side, wait)
            onWait(wait)
        }
        if attempts >= options.attemptsBeforeSplitting, Self.mayBeCausedByContent(error), await answers() {
            throttle.answered()
            return .split(reason: String(describing: error))
        }
        return .again
    }

    /// Notes that the replica fails of a revision alone, though it answers other calls before and after.
    ///
    /// - Parameter works: whether the replica still does for others what it fails of; asked where many have failed in a row.
    /// - Throws: `ReplicationFailure` where it doesn't, or where very many have: then it is the replica that fails, as one
    ///   whose disk is full.
    func giveUp(after error: any Error, unless works: () async throws -> Bool = { false }) async throws {
        guard let state, case let count = state.gaveUp(side), count >= Self.mostInARow else { return }
        if count < Self.mostAmongOthers, try await works() { return }
        throw ReplicationFailure(side: side, underlying: error, counts: state.counts)
    }

    private static let mostInARow = 20
    /// Each one takes seconds to be given up.
    private static let mostAmongOthers = 200

    /// Makes a call until it succeeds or the failure is no passing one, so it must be one that can be repeated.
    ///
    /// - Throws: `ReplicationFailure` of this side after the last attempt; `CancellationError`.
    package func call<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        var attempts = 0
        while true {
            do {
                let result = try await throttle.run(items: 0, body)
                if attempts > 0 { state?.answered(side) }
                return result
            } catch let error as CouchError where error.code == .documentBlocked {
                // Nothing is set aside here.
                throw ReplicationFailure(side: side, underlying: error, counts: state?.counts ?? ReplicationCounts())
            } catch {
                attempts += 1
                _ = try await decision(after: error, attempts: attempts)
            }
        }
    }

    /// A server that asks to slow down, or isn't there, says nothing about a document.
    static func mayBeCausedByContent(_ error: any Error) -> Bool {
        guard let error = error as? CouchError else { return false }
        return [.serverError, .malformedAnswer, .timeout, .unreachable, .documentBlocked].contains(error.code)
    }

    private func answers() async -> Bool {
        // The failure that led here is the one to tell; this asks only whether the replica is there.
        (try? await replica.describe()) != nil
    }
}
