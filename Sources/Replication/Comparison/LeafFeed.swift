import CouchDB

/// Reads a replica's feed of leaf revisions to its end: where it breaks off, or the replica wants to be asked less, it waits
/// and goes on behind the last position that was reached.
struct LeafFeed: Sendable {
    let side: ReplicationFailure.Side
    let replica: any ComparableReplica
    /// How often and with what pauses a feed that broke off without any progress is asked for again.
    var options = ReplicationOptions()
    var clock = RunClock.system
    /// Whether rows that were handed out before are left out where the feed is read again from the last position.
    var leavesOutRepeated = false
    var onWait: @Sendable (ReplicaWait) -> Void = { _ in }

    /// What the receiver has thrown, which says nothing about the replica.
    private struct ReceiverFailed: Error {
        var underlying: any Error
    }

    /// Hands out all documents behind a position; as ``ComparableReplica/readLeaves(since:receive:)``.
    ///
    /// - Throws: ``ReplicationFailure`` where the replica fails for good; `CancellationError`; what `receive` throws.
    func read(
        since start: UpdateSequence, receive: ([DocumentLeaves], UpdateSequence?) async throws -> Void
    ) async throws -> UpdateSequence {
        var position = start
        var window = Window(options.window(of: .source, parallelism: 1))
        var failures = 0
        // Behind the last position: a server tells one in ten thousand rows at least.
        var handed: Set<DocumentLeaves> = []
        while true {
            do {
                return try await replica.readLeaves(since: position) { documents, reached in
                    var documents = documents
                    if failures > 0, leavesOutRepeated { documents.removeAll { handed.contains($0) } }
                    do {
                        try await receive(documents, reached)
                    } catch {
                        throw ReceiverFailed(underlying: error)
                    }
                    guard let reached else {
                        if leavesOutRepeated { handed.formUnion(documents) }
                        return
                    }
                    if reached != position { (position, failures) = (reached, 0) }
                    handed.removeAll(keepingCapacity: true)
                }
            } catch let error as ReceiverFailed {
                throw error.underlying
            } catch {
                try Task.checkCancellation()
                if error is ReplicationFailure { throw error }
                failures += 1
                guard FailureKind(error) == .passing, failures < options.attempts else {
                    throw ReplicationFailure(side: side, underlying: error, counts: ReplicationCounts())
                }
                window.failed()
                onWait(.server(side, pause: window.pause, because: "\(error)"))
                try await clock.sleep(window.pause)
            }
        }
    }
}
