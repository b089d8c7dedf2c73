import CouchDB

/// Fetches the queued revisions from the source.
struct Fetcher: Sendable {
    private let pipeline: Pipeline
    private let work: BoundedQueue<Work>
    private let fetched: BoundedQueue<Fetched>
    private let retrier: Retrier

    init(_ pipeline: Pipeline, work: BoundedQueue<Work>, fetched: BoundedQueue<Fetched>) {
        self.pipeline = pipeline
        self.work = work
        self.fetched = fetched
        retrier = pipeline.retrier(.source, parallelism: pipeline.source.concurrentFetches)
    }

    /// Fetches until there is no more work; several tasks do this at a time.
    func run() async throws {
        while true {
            let batch = try await work.receiveShare(
                count: retrier.throttle.batch, takers: pipeline.source.concurrentFetches)
            if batch.isEmpty { return }
            try await fetch(batch, attempts: 0)
        }
    }

    /// - Parameter isSuspect: whether the source has failed of it though it answered before.
    private func fetch(_ batch: [Work], attempts: Int, isSuspect: Bool = false) async throws {
        var call = FetchCall(batch)
        var failure: (any Error)?
        do {
            try await retrier.throttle.run(items: batch.count, isOwnFault: { call.waited > .seconds(20) }) {
                try await pipeline.source.revisions(call.leaves) { answer in
                    try await take(answer, of: &call)
                }
                guard call.openCount == 0 else {
                    throw CouchError(
                        .malformedAnswer, "the source leaves \(call.openCount) of \(batch.count) revisions unanswered")
                }
            }
        } catch {
            failure = error
        }
        try await hand(on: &call)
        guard let failure else { return }
        let rest = call.open
        guard !rest.isEmpty else { return }
        // A source that had to wait for us has not failed.
        let attempts = call.waited > .seconds(20) ? attempts : attempts + 1
        switch try await retrier.decision(after: failure, attempts: attempts) {
        case .again:
            try await fetch(rest, attempts: attempts)
        case .split where rest.count == 1 && !(isSuspect && batch.count == 1):
            try await fetch(rest, attempts: attempts, isSuspect: true)
        case .split(let reason) where rest.count == 1:
            try await retrier.giveUp(after: failure, unless: givesOthers)
            giveUp(rest[0], reason: reason)
        case .split:
            let middle = rest.count / 2
            let attempts = pipeline.options.attemptsBeforeSplitting - 1
            try await fetch(Array(rest[..<middle]), attempts: attempts)
            try await fetch(Array(rest[middle...]), attempts: attempts)
        }
    }

    private func take(_ answer: RevisionAnswer, of call: inout FetchCall) async throws {
        let works = call.close(id: answer.id, revision: answer.revision)
        guard !works.isEmpty else { return }
        switch answer.outcome {
        case .given(let revisions):
            call.add(Fetched(works: works, revisions: revisions))
            if call.isFull { try await hand(on: &call) }
        case .unavailable(let refusal):
            pipeline.state.setAside(works.map { ($0.page, refusal) })
        }
    }

    /// Queues what has come, some at a time.
    private func hand(on call: inout FetchCall) async throws {
        let arrived = call.takeArrived()
        guard !arrived.isEmpty else { return }
        pipeline.state.fetched(arrived.reduce(0) { $0 + $1.revisions.count })
        let start = pipeline.clock.now()
        try await fetched.send(arrived, weight: \.weight)
        call.waited += start.duration(to: pipeline.clock.now())
    }

    /// Whether the source hands out any of the documents that its feed lists first: damage on a disk has a place.
    private func givesOthers() async throws -> Bool {
        do {
            let batch = try await pipeline.source.changes(since: .zero, limit: Self.asksOthers, patience: nil)
            for document in batch.documents {
                var isGiven = false
                do {
                    try await pipeline.source.revisions([document]) { answer in
                        if case .given = answer.outcome { isGiven = true }
                    }
                } catch {
                    // This one is among those that it fails of.
                    try Task.checkCancellation()
                }
                if isGiven { return true }
            }
        } catch {
            // The failure that led here is the one to tell.
            try Task.checkCancellation()
        }
        return false
    }

    private static let asksOthers = 10

    private func giveUp(_ work: Work, reason: String) {
        let refusal = Refusal(
            id: work.id, revision: work.revision, stage: .fetching, error: "unreadable", reason: reason)
        pipeline.state.setAside([(work.page, refusal)])
    }
}
