import CouchDB
import Synchronization

/// The stages of one run, and the queues between them.
struct Pipeline: Sendable {
    /// Where the revisions to copy are named.
    enum Feed: Sendable {
        case changes(since: UpdateSequence, retrying: [Refusal])
        case list([DocumentLeaves])
    }

    let source: any Replica
    let target: any Replica
    let options: ReplicationOptions
    /// Whether it needn't be asked what it lacks.
    let targetIsEmpty: Bool
    let state: RunState
    let clock: RunClock

    /// Runs until the feed has ended and everything is stored or set aside, and records the last checkpoint.
    func run(feed: Feed) async throws {
        let deferred = DeferredWork()
        try await pass { queue in
            switch feed {
            case .changes(let since, let refusals):
                try await ChangesReader(self, deferred: deferred, queue: queue).run(since: since, retrying: refusals)
            case .list(let documents):
                try await ListReader(self, deferred: deferred, queue: queue).run(documents)
            }
        }
        let last = deferred.take()
        if !last.isEmpty { try await pass { queue in try await queue.send(last) { _ in 1 } } }
        try await Checkpointer(self).recordLast()
    }

    /// Fills the queue of work by one task while others fetch and store.
    private func pass(_ fill: @escaping @Sendable (BoundedQueue<Work>) async throws -> Void) async throws {
        let work = BoundedQueue<Work>(capacity: options.batchSize * 4)
        let fetched = BoundedQueue<Fetched>(capacity: options.bufferBytes)
        let fetcher = Fetcher(self, work: work, fetched: fetched)
        let storer = Storer(self, fetched: fetched)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await fill(work)
                work.finish()
            }
            group.addTask {
                try await several(source.concurrentFetches) { try await fetcher.run() }
                fetched.finish()
            }
            group.addTask {
                try await reminding(fetched) {
                    try await several(target.concurrentStores) { try await storer.run() }
                }
            }
            // The first failure leaves the group, which cancels the other stages.
            while try await group.next() != nil {}
        }
    }

    /// Ends the patience of what stores also where nothing comes any more.
    private func reminding(_ fetched: BoundedQueue<Fetched>, _ body: @Sendable () async throws -> Void) async throws {
        guard options.storePatience > .zero else { return try await body() }
        try await withThrowingTaskGroup { group in
            group.addTask {
                while true {
                    try await clock.sleep(options.storePatience)
                    fetched.remind()
                }
            }
            try await body()
            group.cancelAll()
        }
    }
}

/// Work that is to be done behind everything else.
final class DeferredWork: Sendable {
    private let work = Mutex<[Work]>([])

    func add(_ more: [Work]) { work.withLock { $0 += more } }

    func take() -> [Work] {
        work.withLock { work in
            defer { work = [] }
            return work
        }
    }
}
