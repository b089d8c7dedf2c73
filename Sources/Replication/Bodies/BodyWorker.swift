import CouchDB

/// Takes documents from the queue and compares what both sides have of them; several tasks do this at a time.
struct BodyWorker: Sendable {
    let source: RevisionReader
    let target: RevisionReader
    let work: BoundedQueue<DocumentLeaves>
    let found: BoundedQueue<Difference>
    let tally: BodyTally
    /// The most revisions that are fetched together.
    let batchSize: Int
    /// The bytes of documents that are held of one side.
    let budget: Int

    private var look: SecondLook { SecondLook(source: source, target: target) }

    func run() async throws {
        var size = batchSize
        while true {
            let documents = try await work.receive(weight: size, count: size)
            guard !documents.isEmpty else { return }
            let dropped = try await compare(documents)
            // Large documents come together: ask for fewer of them.
            size = dropped > 0 ? max(1, size / 2) : min(batchSize, size * 2)
        }
    }

    /// Compares documents, and returns how many revisions were too much to be held together.
    private func compare(_ documents: [DocumentLeaves]) async throws -> Int {
        let wanted = documents.flatMap { document in
            document.revisions.map { WantedRevision(id: document.id, revision: $0) }
        }
        var verdicts: [WantedRevision: BodyVerdict] = [:]
        let dropped = try await compare(wanted, &verdicts)
        for item in dropped {
            // Alone, a document of any size is held.
            _ = try await compare([item], &verdicts)
        }
        try await settle(&verdicts)
        for document in documents {
            let all = document.revisions.compactMap { verdicts[WantedRevision(id: document.id, revision: $0)] }
            let differing = all.compactMap { if case .differs(let revision) = $0 { revision } else { nil } }
            tally.compared(all)
            if !differing.isEmpty {
                try await found.send([Difference(id: document.id, revisions: differing)]) { _ in 1 }
            }
        }
        return dropped.count
    }

    private func compare(
        _ wanted: [WantedRevision], _ verdicts: inout [WantedRevision: BodyVerdict]
    ) async throws -> [WantedRevision] {
        async let first = source.documents(wanted, budget: budget)
        async let second = target.documents(wanted, budget: budget)
        let (left, right) = try await (first, second)
        tally.read(left.bytes + right.bytes)
        var dropped: [WantedRevision] = []
        for item in wanted {
            switch (left.answers[item], right.answers[item]) {
            case (.given(let one), .given(let other)):
                let isEqual = try DocumentComparison.compare(one, other, of: item) == .equal
                verdicts[item] = isEqual ? .equal : .doubtful
            case (.unavailable(let refusal), _): verdicts[item] = .notGiven(.source, refusal)
            case (_, .unavailable(let refusal)): verdicts[item] = .notGiven(.target, refusal)
            default: dropped.append(item)
            }
        }
        return dropped
    }

    /// Finds out of what is not equal whether it differs, is gone, or can't be read.
    private func settle(_ verdicts: inout [WantedRevision: BodyVerdict]) async throws {
        for side in [source, target] {
            let absent = verdicts.filter { $0.value.isNotGiven(by: side.side) }.map(\.key)
            guard !absent.isEmpty else { continue }
            let leaves = try await side.leaves(of: Array(Set(absent.map(\.id))))
            for item in absent { verdicts[item] = leaves.contains(item) ? .doubtful : .gone(side.side) }
        }
        for (item, verdict) in verdicts where verdict == .doubtful {
            verdicts[item] =
                switch try await look.look(at: item) {
                case .equal: .equal
                case .differs(let revision): .differs(revision)
                case .unavailable(let side, let refusal): try await judge(item, side, refusal)
                }
        }
    }

    /// A leaf that is listed and not handed out can't be read; one that is listed no more has gone meanwhile.
    private func judge(
        _ item: WantedRevision, _ side: ReplicationFailure.Side, _ refusal: Refusal
    ) async throws -> BodyVerdict {
        let reader = side == .source ? source : target
        return try await reader.leaves(of: [item.id]).contains(item) ? .unreadable(side, refusal) : .gone(side)
    }
}

/// What became of one revision.
enum BodyVerdict: Sendable, Hashable {
    case equal
    case differs(DifferingRevision)
    /// That side has it no more as a leaf: overtaken by another one, or purged; or the target lacks it.
    case gone(ReplicationFailure.Side)
    /// That side lists it and doesn't hand it out.
    case unreadable(ReplicationFailure.Side, Refusal)
    /// To be looked at again.
    case doubtful
    /// That side did not give it; whether it has it is to be asked.
    case notGiven(ReplicationFailure.Side, Refusal)

    func isNotGiven(by side: ReplicationFailure.Side) -> Bool {
        if case .notGiven(side, _) = self { true } else { false }
    }
}
