import CouchDB

/// A document whose content is to be compared.
struct BodyWork: Sendable {
    var document: DocumentLeaves
    /// The page of the source's feed that listed it.
    var page: Int
}

/// Takes documents from the queue and compares what both sides have of them; several tasks do this at a time.
struct BodyWorker: Sendable {
    let source: RevisionReader
    let target: RevisionReader
    let work: BoundedQueue<BodyWork>
    let ledger: Monitor<BodyLedger>
    let selfTest: BodySelfTest?
    let onProgress: @Sendable (BodyProgress) -> Void
    /// The most revisions that are fetched together.
    let batchSize: Int
    /// The bytes of documents that are held of one side.
    let budget: Int

    /// The pages that may wait to be told before no more is compared.
    private static let waitingPages = 16

    private var look: SecondLook { SecondLook(source: source, target: target) }

    func run() async throws {
        var size = batchSize
        while true {
            try await ledger.wait { $0.waiting < Self.waitingPages ? () : nil }
            let items = try await work.receive(weight: size, count: size)
            guard !items.isEmpty else { return }
            let dropped = try await compare(items)
            // Large documents come together: ask for fewer of them.
            size = dropped > 0 ? max(1, size / 2) : min(batchSize, size * 2)
        }
    }

    /// Compares documents, and returns how many revisions were too much to be held together.
    private func compare(_ items: [BodyWork]) async throws -> Int {
        let wanted = items.flatMap { item in
            item.document.revisions.map { WantedRevision(id: item.document.id, revision: $0) }
        }
        var verdicts: [WantedRevision: BodyVerdict] = [:]
        var bytes = 0
        let dropped = try await compare(wanted, &verdicts, &bytes)
        for item in dropped {
            // Alone, a document of any size is held.
            _ = try await compare([item], &verdicts, &bytes)
        }
        try await settle(&verdicts)
        let progress = ledger.change { ledger in
            ledger.read(bytes, page: items[0].page)
            for item in items {
                let id = item.document.id
                let all = item.document.revisions.compactMap { verdicts[WantedRevision(id: id, revision: $0)] }
                let differing = all.compactMap { if case .differs(let revision) = $0 { revision } else { nil } }
                ledger.compared(
                    all, difference: differing.isEmpty ? nil : Difference(id: id, revisions: differing),
                    page: item.page)
            }
            return ledger.progress
        }
        onProgress(progress)
        return dropped.count
    }

    private func compare(
        _ wanted: [WantedRevision], _ verdicts: inout [WantedRevision: BodyVerdict], _ bytes: inout Int
    ) async throws -> [WantedRevision] {
        async let first = source.documents(wanted, budget: budget)
        async let second = target.documents(wanted, budget: budget)
        let (left, right) = try await (first, second)
        bytes += left.bytes + right.bytes
        var dropped: [WantedRevision] = []
        for item in wanted {
            switch (left.answers[item], right.answers[item]) {
            case (.given(let one), .given(let other)):
                let outcome = try DocumentComparison.compare(one, other, of: item)
                verdicts[item] = outcome.comparison == .equal ? .equal(outcome.proof) : .doubtful
                if outcome.comparison == .equal { try selfTest?.plant(in: other, of: item) }
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
                case .equal(let proof): .equal(proof)
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
