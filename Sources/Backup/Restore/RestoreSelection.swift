import CouchDB
import Crypto
import Foundation
import Replication
import Vault

/// Which documents of a moment are restored.
package enum RestoreSelection: Sendable {
    case all
    case documents([DocumentID])
    /// Documents whose id begins so.
    case prefix(String)
    /// Documents whose winner, as of the moment, is matched; of an exact restore also those that are matched now.
    case matching(MangoSelector)

    /// A name that is the same for the same selection.
    var name: String {
        switch self {
        case .all: "all"
        case .documents(let ids): "documents \(Self.digest(ids.map(\.text).joined(separator: "\n")))"
        case .prefix(let prefix): "prefix \(Self.digest(prefix))"
        case .matching(let selector): "matching \(Self.digest(selector.text))"
        }
    }

    private static func digest(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).prefix(8).map { String(format: "%02x", $0) }.joined()
    }

    /// The selection as a test of ids, with what of it has to be looked up in the moment.
    ///
    /// - Parameter living: a database of which what came later is selected too.
    /// - Throws: ``RestoreError`` where nothing is selected; `VaultError`.
    func resolved(in moment: VaultDatabase, and living: CouchDatabase?) async throws -> ResolvedSelection {
        switch self {
        case .all: return ResolvedSelection(ids: nil, prefix: nil)
        case .prefix(let prefix): return ResolvedSelection(ids: nil, prefix: prefix)
        case .documents(let ids):
            let found = try await moment.leaves(of: ids)
            let missing = Set(ids).subtracting(found.map(\.id))
            guard missing.isEmpty else {
                throw RestoreError(
                    .nothingSelected,
                    "the moment has no document \(missing.sorted().map { "“\($0)”" }.joined(separator: ", "))",
                    next: "look for it at other moments: couchkeep vault list")
            }
            return ResolvedSelection(ids: Set(ids), prefix: nil)
        case .matching(let selector):
            var ids = try await Self.matches(of: selector, in: moment)
            guard !ids.isEmpty else {
                throw RestoreError(
                    .nothingSelected, "no document of the moment is matched",
                    next: "widen the selector or choose another moment")
            }
            if let living {
                let replica = CouchReplica(living)
                do {
                    ids.formUnion(
                        try await ReplicationFailure.Side.target.naming {
                            try await Self.matches(of: selector, in: replica)
                        })
                } catch let failure as ReplicationFailure {
                    // What is wrong with the selector is not wrong with the target.
                    throw failure.underlying as? RestoreError ?? failure
                }
            }
            return ResolvedSelection(ids: ids, prefix: nil)
        }
    }

    private static func matches(of selector: MangoSelector, in replica: any Replica) async throws -> Set<DocumentID> {
        var ids: Set<DocumentID> = []
        var sequence = UpdateSequence.zero
        while true {
            let page = try await replica.changes(since: sequence, limit: 500, patience: nil)
            let winners = page.documents.map { DocumentLeaves(id: $0.id, revisions: Array($0.revisions.prefix(1))) }
            try await replica.revisions(winners) { answer in
                guard case .given(let revisions) = answer.outcome else {
                    // It may be one of them: the restore sets it aside by its name.
                    ids.insert(answer.id)
                    return
                }
                guard let winner = revisions.first, !winner.isDeleted else { return }
                if try selector.matches(JSONValue(parsing: winner.document)) { ids.insert(answer.id) }
            }
            sequence = page.lastSequence
            guard !page.isAtEnd else { break }
        }
        return ids
    }
}

/// A selection that needs only ids.
struct ResolvedSelection: Sendable {
    var ids: Set<DocumentID>?
    var prefix: String?

    /// The ids where they are so few that each is looked up, and no other document is read; nil elsewhere.
    var few: [DocumentID]? { ids.flatMap { $0.count <= 1000 ? Array($0) : nil } }

    /// Whether everything is selected.
    var isAll: Bool { ids == nil && prefix == nil }

    func contains(_ id: DocumentID) -> Bool {
        if let ids { return ids.contains(id) }
        return prefix.map { id.text.utf8.starts(with: $0.utf8) } ?? true
    }
}
