import CouchDB
import Replication
import Vault

/// The documents of a replica that a selector matches.
struct SelectorMatches: Sendable {
    /// Documents that are matched, and those whose winner can't be read, which the restore sets aside by their names.
    private(set) var ids: Set<DocumentID> = []
    private var doubtful: [DocumentID: Refusal] = [:]

    /// Documents that can be read, and of which it can't be told whether they are matched, in the order of their ids.
    var undecided: [Refusal] {
        doubtful.values.filter { !ids.contains($0.id) }.sorted { $0.id < $1.id }
    }

    /// Asks all documents of a moment.
    init(of selector: MangoSelector, in moment: VaultDatabase) async throws {
        try await read(selector, in: moment)
    }

    /// Asks all documents of a target.
    init(of selector: MangoSelector, in target: CouchDatabase) async throws {
        let replica = CouchReplica(target)
        do {
            self = try await ReplicationFailure.Side.target.naming {
                try await SelectorMatches(selector, replica)
            }
        } catch let failure as ReplicationFailure {
            // What is wrong with the selector is not wrong with the target.
            throw failure.underlying as? RestoreError ?? failure
        }
    }

    private init(_ selector: MangoSelector, _ replica: CouchReplica) async throws {
        try await read(selector, in: replica)
    }

    private mutating func read(_ selector: MangoSelector, in replica: any Replica) async throws {
        var sequence = UpdateSequence.zero
        while true {
            let page = try await replica.changes(since: sequence, limit: 500, patience: nil)
            let winners = page.documents.map { DocumentLeaves(id: $0.id, revisions: Array($0.revisions.prefix(1))) }
            try await replica.revisions(winners) { answer in try take(answer, selector) }
            sequence = page.lastSequence
            guard !page.isAtEnd else { break }
        }
    }

    private mutating func take(_ answer: RevisionAnswer, _ selector: MangoSelector) throws {
        guard case .given(let revisions) = answer.outcome else {
            // It may be one of them: the restore sets it aside by its name.
            ids.insert(answer.id)
            return
        }
        guard let winner = revisions.first, !winner.isDeleted else { return }
        switch try selector.matches(bytes: winner.document) {
        case true?: ids.insert(answer.id)
        case false?: break
        case nil: doubtful[answer.id] = Self.refusal(of: winner)
        }
    }

    private static func refusal(of winner: Revision) -> Refusal {
        Refusal(
            id: winner.id, revision: winner.revision, stage: .storing, error: "undecided",
            reason: "what the selector asks for is nested too deeply, or a number too large, to be read; "
                + "name the document with --document")
    }

    /// Adds those of another replica.
    mutating func formUnion(_ other: SelectorMatches) {
        ids.formUnion(other.ids)
        doubtful.merge(other.doubtful) { own, _ in own }
    }

    /// - Throws: ``RestoreError`` where nothing is matched.
    func expectAny() throws {
        guard ids.isEmpty else { return }
        let (doubtful, first) = (undecided, undecided.first?.id.text ?? "")
        let doubt = doubtful.isEmpty ? "" : ", and of \(doubtful.count) it can't be told, such as “\(first)”"
        throw RestoreError(
            .nothingSelected, "no document of the moment is matched\(doubt)",
            next: "widen the selector or choose another moment")
    }
}
