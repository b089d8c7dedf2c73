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

    /// A name that is the same for the same selection, in whatever order documents are named.
    var name: String {
        switch self {
        case .all: "all"
        case .documents(let ids):
            "documents \(Self.digest(Set(ids).sorted().map(\.text).joined(separator: "\n")))"
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
    /// - Throws: ``RestoreError`` where nothing is selected; `VaultError`, `ReplicationFailure`.
    func resolved(in moment: VaultDatabase, and living: CouchDatabase?) async throws -> ResolvedSelection {
        switch self {
        case .all: return ResolvedSelection(ids: nil, prefix: nil)
        case .prefix(let prefix): return ResolvedSelection(ids: nil, prefix: prefix)
        case .documents(let ids):
            try await Self.expect(ids, in: moment, or: living)
            return ResolvedSelection(ids: Set(ids), prefix: nil)
        case .matching(let selector):
            var matches = try await SelectorMatches(of: selector, in: moment)
            if let living { matches.formUnion(try await SelectorMatches(of: selector, in: living)) }
            try matches.expectAny()
            return ResolvedSelection(ids: matches.ids, prefix: nil, undecided: matches.undecided)
        }
    }

    /// Refuses names that neither side has.
    private static func expect(_ ids: [DocumentID], in moment: VaultDatabase, or living: CouchDatabase?) async throws {
        var missing = Set(ids).subtracting(try await moment.leaves(of: ids).map(\.id))
        if let living, !missing.isEmpty {
            let lacking = Array(missing)
            let later = try await ReplicationFailure.Side.target.naming {
                try await CouchReplica(living).leaves(of: lacking).map(\.id)
            }
            missing.subtract(later)
        }
        guard missing.isEmpty else {
            let sides = living == nil ? "the moment has no" : "neither the moment nor the target has a"
            throw RestoreError(
                .nothingSelected,
                "\(sides) document \(missing.sorted().map { "“\($0)”" }.joined(separator: ", "))",
                next: "look for it at other moments: couchkeep vault list")
        }
    }
}

/// A selection that needs only ids.
struct ResolvedSelection: Sendable {
    var ids: Set<DocumentID>?
    var prefix: String?
    /// Documents of which it can't be told whether they are selected: they are set aside.
    var undecided: [Refusal] = []

    /// The ids where they are so few that each is looked up, and no other document is read; nil elsewhere.
    var few: [DocumentID]? { ids.flatMap { $0.count <= 1000 ? Array($0) : nil } }

    /// Whether everything is selected.
    var isAll: Bool { ids == nil && prefix == nil }

    func contains(_ id: DocumentID) -> Bool {
        if let ids { return ids.contains(id) }
        return prefix.map { id.text.utf8.starts(with: $0.utf8) } ?? true
    }
}
