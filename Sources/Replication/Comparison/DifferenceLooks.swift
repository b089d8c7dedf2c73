import CouchDB

/// Looks at documents again that seem to differ, so that nothing is told that was only on its way.
struct DifferenceLooks: Sendable {
    /// How some documents were looked at.
    struct Settled: Sendable, Hashable {
        struct Look: Sendable, Hashable {
            /// How many documents had arrived since the one before.
            var arrivals: Int
            /// Whether the target was written to since then.
            var hasTargetMoved: Bool
        }

        var looks: [Look] = []
        /// Whether the target was written to since the comparison began.
        var hasTargetMoved = false
        /// How many still differ.
        var remaining = 0

        /// Whether the target is written to while nothing that it lacks arrives.
        ///
        /// A replication copies in the order of the feed: while it is behind something that is missing, what it writes was
        /// missing too. So what is missing here will stay away.
        var isPassedOver: Bool {
            let last = looks.suffix(2)
            return last.count == 2 && last.allSatisfy { $0.arrivals == 0 } && last.contains(where: \.hasTargetMoved)
        }

        /// Whether the target was still being filled, so that it isn't known what will stay away.
        static func isFilling(_ settled: [Settled]) -> Bool {
            let open = settled.filter { $0.remaining > 0 && $0.hasTargetMoved }
            // Where so much is missing that it was looked at in parts, little of one part may arrive in any time.
            return settled.count > 1 ? !open.isEmpty : open.contains { !$0.isPassedOver }
        }
    }

    private let source: any ComparableReplica
    private let target: any ComparableReplica
    private let looks: [Duration]
    private let furtherLooks: Int
    private let clock: RunClock
    private let callSource: Retrier
    private let callTarget: Retrier
    private let onWait: @Sendable (ReplicaWait) -> Void

    /// - Parameters:
    ///   - looks: the pause before each further look.
    ///   - furtherLooks: how many more looks there may be, with the last pause, as long as each finds that something has
    ///     arrived.
    init(
        _ source: any ComparableReplica, _ target: any ComparableReplica, looks: [Duration], furtherLooks: Int,
        options: ReplicationOptions, clock: RunClock, onWait: @escaping @Sendable (ReplicaWait) -> Void
    ) {
        (self.source, self.target, self.looks, self.furtherLooks) = (source, target, looks, furtherLooks)
        (self.clock, self.onWait) = (clock, onWait)
        func retrier(_ side: ReplicationFailure.Side, _ replica: any ComparableReplica) -> Retrier {
            Retrier(side, replica, options: options, parallelism: 2, clock: clock, onWait: onWait)
        }
        (callSource, callTarget) = (retrier(.source, source), retrier(.target, target))
    }

    /// Looks, until the documents are equal, no look is left, or nobody writes any more.
    ///
    /// - Parameter targetStart: where the target's feed ended when the comparison began; nil where nobody asks whether it is being
    ///   filled.
    func settle(
        _ ids: [DocumentID], targetStart: UpdateSequence?
    ) async throws -> (found: [Difference], how: Settled) {
        var how = Settled()
        var found: [Difference] = []
        for start in stride(from: 0, to: ids.count, by: Self.lookedUpTogether) {
            found += try await differences(of: Array(ids[start..<min(start + Self.lookedUpTogether, ids.count)]))
        }
        guard !found.isEmpty, !looks.isEmpty || targetStart != nil else { return (found, how) }
        var before = try await positions()
        var pauses = looks[...]
        var further = furtherLooks
        while !found.isEmpty, let pause = pauses.popFirst() {
            onWait(.arrivals(found.count, pause: pause))
            try await clock.sleep(pause)
            let open = found.count
            found = try await lasting(found)
            let now = try await positions()
            how.looks.append(
                Settled.Look(arrivals: open - found.count, hasTargetMoved: now.target != before.target))
            // One that was written to before, and stands still now, may go on in a moment.
            if now == before, targetStart == nil || now.target == targetStart { break }
            before = now
            // What arrives late arrives nevertheless: a backup that catches up is waited for.
            if pauses.isEmpty, found.count < open, further > 0 {
                further -= 1
                pauses = [pause]
            }
        }
        how.remaining = found.count
        how.hasTargetMoved = targetStart.map { $0 != before.target } ?? false
        return (found, how)
    }

    /// Where both feeds end now.
    private func positions() async throws -> Positions {
        let from = try await callSource.call { try await source.describe() }
        let to = try await callTarget.call { try await target.describe() }
        return Positions(source: from.updateSequence, target: to.updateSequence)
    }

    private struct Positions: Hashable {
        var source: UpdateSequence
        var target: UpdateSequence
    }

    private static let lookedUpTogether = 500

    /// Which of these differences are still there: what one side had, and the other does not even know as an ancestor; and what
    /// the source has replaced, where the target has what has replaced it.
    ///
    /// What was seen at the first look is asked for, not what is there now: a document that is written all the time would
    /// differ at every look, although each of its revisions arrives.
    private func lasting(_ found: [Difference]) async throws -> [Difference] {
        let fromSource = found.filter { !$0.onlyInSource.isEmpty }
            .map { DocumentLeaves(id: $0.id, revisions: $0.onlyInSource) }
        let fromTarget = found.filter { !$0.onlyInTarget.isEmpty }
            .map { DocumentLeaves(id: $0.id, revisions: $0.onlyInTarget) }
        let lacking = try await callTarget.call { try await target.missing(fromSource) }
        let unknown = try await callSource.call { try await source.missing(fromTarget) }
        let replaced = try await replaced(DocumentLeaves.removing(unknown, from: fromTarget))
        let inTarget = Self.byID(lacking)
        let inSource = Dictionary((unknown + replaced).map { ($0.id, $0) }) { first, second in
            DocumentLeaves(id: first.id, revisions: Set(first.revisions + second.revisions).sorted())
        }
        return try await showingSurplus(
            found.compactMap { difference in
                var difference = difference
                difference.onlyInSource = inTarget[difference.id]?.revisions ?? []
                difference.onlyInTarget = inSource[difference.id]?.revisions ?? []
                return difference.onlyInSource.isEmpty && difference.onlyInTarget.isEmpty ? nil : difference
            })
    }

    /// Notes where what the target lacked has arrived, and it only has more by now.
    private func showingSurplus(_ found: [Difference]) async throws -> [Difference] {
        let ids = found.filter(\.mayBeSurplus).map(\.id)
        guard !ids.isEmpty else { return found }
        let current = Self.byID(try await callSource.call { try await source.leaves(of: ids) })
        let held = Self.byID(try await callTarget.call { try await target.leaves(of: ids) })
        return found.map { difference in
            guard difference.mayBeSurplus, let current = current[difference.id], let held = held[difference.id] else {
                return difference
            }
            var difference = difference
            difference.noteSurplus(current, held)
            return difference
        }
    }

    /// Which of these leaves of the target will never be replaced there, although they are at the source.
    private func replaced(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        guard !documents.isEmpty else { return [] }
        let ids = documents.map(\.id)
        let current = try await callSource.call { try await source.leaves(of: ids) }
        let held = try await callTarget.call { try await target.leaves(of: ids) }
        let seen = Self.byID(documents)
        return DocumentLeaves.replaced(current, among: held).compactMap { document in
            let lasting = document.revisions.filter { seen[document.id]?.revisions.contains($0) == true }
            return lasting.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: lasting)
        }
    }

    /// The differences of these documents as they are now.
    func differences(of ids: [DocumentID]) async throws -> [Difference] {
        guard !ids.isEmpty else { return [] }
        // The source first: what is written between the two looks may only make the target seem ahead.
        let left = try await callSource.call { try await source.leaves(of: ids) }
        let right = try await callTarget.call { try await target.leaves(of: ids) }
        let (inSource, inTarget) = (Self.byID(left), Self.byID(right))
        return ids.compactMap { Difference(id: $0, source: inSource[$0], target: inTarget[$0]) }
    }

    private static func byID(_ documents: [DocumentLeaves]) -> [DocumentID: DocumentLeaves] {
        Dictionary(documents.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }
}
