import CouchDB
import Foundation

/// Reads one side's content for a comparison: slows down and repeats what failed and may pass, and finds the single
/// document that a server stumbles over.
struct RevisionReader: Sendable {
    /// A revision that was not given.
    struct NotGiven: Error {
        var refusal: Refusal
    }

    let side: ReplicationFailure.Side
    let replica: any ComparableReplica
    private let retrier: Retrier

    init(
        _ side: ReplicationFailure.Side, _ replica: any ComparableReplica, options: ReplicationOptions, clock: RunClock,
        onWait: @escaping @Sendable (ReplicaWait) -> Void
    ) {
        (self.side, self.replica) = (side, replica)
        retrier = Retrier(
            side, replica, options: options, parallelism: max(2, replica.concurrentFetches), clock: clock,
            onWait: onWait)
    }

    /// Reads the documents of these revisions, up to a number of bytes.
    func documents(_ wanted: [WantedRevision], budget: Int) async throws -> ReadDocuments {
        var read = ReadDocuments(budget: budget)
        try await fill(&read, wanted, failed: 0)
        return read
    }

    private func fill(_ read: inout ReadDocuments, _ wanted: [WantedRevision], failed: Int) async throws {
        do {
            try await retrier.throttle.run(items: wanted.count) {
                try await replica.documents(DocumentLeaves.grouping(wanted.map { ($0.id, $0.revision) })) {
                    read.take($0)
                }
                guard wanted.allSatisfy(read.isAnswered) else {
                    throw CouchError(.malformedAnswer, "not all of \(wanted.count) revisions were answered")
                }
            }
        } catch {
            let open = wanted.filter { !read.isAnswered($0) }
            guard !open.isEmpty else { return }
            switch try await retrier.decision(after: error, attempts: failed + 1) {
            case .again: try await fill(&read, open, failed: failed + 1)
            case .split where open.count > 1:
                let middle = open.count / 2
                let failed = retrier.options.attemptsBeforeSplitting - 1
                try await fill(&read, Array(open[..<middle]), failed: failed)
                try await fill(&read, Array(open[middle...]), failed: failed)
            case .split(let reason):
                for item in open { read.giveUp(item, reason: reason) }
            }
        }
    }

    /// Reads one revision whole.
    func revision(_ wanted: WantedRevision) async throws -> Result<Revision, NotGiven> {
        var failed = 0
        while true {
            do {
                return try await retrier.throttle.run(items: 0) {
                    var answered: RevisionAnswer?
                    try await replica.revisions([DocumentLeaves(id: wanted.id, revisions: [wanted.revision])]) {
                        answered = $0
                    }
                    guard let answered else { throw CouchError(.malformedAnswer, "a revision was not answered") }
                    return answered.exactly.map { .success($0) } ?? .failure(NotGiven(refusal: answered.refusal))
                }
            } catch {
                failed += 1
                if case .split(let reason) = try await retrier.decision(after: error, attempts: failed) {
                    return .failure(NotGiven(refusal: wanted.unreadable(reason)))
                }
            }
        }
    }

    /// The leaf revisions that these documents have now.
    func leaves(of ids: [DocumentID]) async throws -> Set<WantedRevision> {
        // No single document is looked for: the ids alone are sent.
        let found = try await retrier.call { try await replica.leaves(of: ids) }
        return Set(
            found.flatMap { document in
                document.revisions.map { WantedRevision(id: document.id, revision: $0) }
            })
    }
}

/// Documents that one side has handed out, as far as they are held.
struct ReadDocuments: Sendable {
    private(set) var answers: [WantedRevision: DocumentAnswer.Outcome] = [:]
    /// What was answered and dropped, since too much would have been held.
    private(set) var dropped: Set<WantedRevision> = []
    /// The bytes of all documents.
    private(set) var bytes = 0
    private var held = 0
    private let budget: Int

    init(budget: Int) { self.budget = budget }

    func isAnswered(_ wanted: WantedRevision) -> Bool { answers[wanted] != nil || dropped.contains(wanted) }

    mutating func take(_ answer: DocumentAnswer) {
        let wanted = WantedRevision(id: answer.id, revision: answer.revision)
        guard !isAnswered(wanted) else { return }
        if case .given(let document) = answer.outcome {
            bytes += document.count
            guard answers.isEmpty || held + document.count <= budget else {
                dropped.insert(wanted)
                return
            }
            held += document.count
        }
        answers[wanted] = answer.outcome
    }

    mutating func giveUp(_ wanted: WantedRevision, reason: String) {
        answers[wanted] = .unavailable(wanted.unreadable(reason))
    }
}

extension WantedRevision {
    fileprivate func unreadable(_ reason: String) -> Refusal {
        Refusal(id: id, revision: revision, stage: .fetching, error: "unreadable", reason: reason)
    }
}
