import CouchDB
import Foundation
import Replication

/// Decides what has to be written into a database that goes on living, so that a document is again what it was.
///
/// Replication alone brings nothing back: a revision that has a successor stays behind it, and a tombstone wins over what
/// it deleted. So what is wanted is written once more, as a new edit on top of what is there. It is written as it was only
/// where it goes on from what is there, or stands beside nothing but what it stood beside at the moment.
struct BringBack {
    /// What the document was: its leaf revisions, the winner first; empty where there was none.
    let wanted: [Revision]
    /// What it is, the winner first; empty where there is none.
    let found: [Revision]
    /// Whether it becomes exactly what it was: conflicts come back too, and what came later goes away.
    let isExact: Bool

    /// What is to be written, new edits and revisions as they were; nothing where the document is what it was.
    ///
    /// - Throws: `CouchError` where a document can't be read.
    func edits() throws -> [Revision] {
        guard let winner = wanted.first, !winner.isDeleted, let current = found.first else {
            return isExact ? try exactEnd() : []
        }
        guard !isExact else { return try exactEdits() }
        guard current.revision != winner.revision,
            try current.isDeleted || DocumentContent(current) != DocumentContent(winner)
        else { return [] }
        if winner.path.revisions.contains(current.revision) { return [winner] }
        // A conflict that is wanted too is not written over: then the winner goes on where it ended.
        guard !current.isDeleted, wanted.contains(where: { $0.revision == current.revision }) else {
            return [try winner.onTop(of: current, generation: current.revision.nextGeneration)]
        }
        guard let own = found.first(where: { $0.path.revisions.contains(winner.revision) }) else { return [winner] }
        return [try winner.onTop(of: own, generation: current.revision.nextGeneration)]
    }

    /// The document is deleted, with what its tombstone said.
    private func exactEnd() throws -> [Revision] {
        let live = found.filter { !$0.isDeleted }
        guard let winner = wanted.first, winner.isDeleted, let current = found.first else {
            return try live.map { try $0.tombstone() }
        }
        guard try !current.isDeleted || DocumentContent(current) != DocumentContent(winner) else { return [] }
        let ends = try live.dropFirst().map { try $0.tombstone() }
        let highest = (found + ends).map(\.revision.nextGeneration).max() ?? 1
        return ends + [try winner.onTop(of: current, generation: highest)]
    }

    /// Each wanted revision goes on where its own branch ended, and all other branches end.
    private func exactEdits() throws -> [Revision] {
        let wanted = wanted.filter { !$0.isDeleted }
        let edits = try exactEdits(of: wanted, standing: try standing(for: wanted))
        guard !edits.isEmpty, let first = wanted.first, let current = found.first, !current.isDeleted,
            try DocumentContent(current) == DocumentContent(first)
        else { return edits }
        // Where conflicts say the same, another one may win now in the winner's place.
        let others = try exactEdits(of: wanted, standing: try standing(for: wanted, behind: current))
        return others.count < edits.count ? others : edits
    }

    /// The edits where some of what is wanted stands already.
    ///
    /// - Parameter standing: for each wanted revision the leaf that says what it said, if there is one.
    private func exactEdits(of wanted: [Revision], standing: [Revision?]) throws -> [Revision] {
        let taken = Set(standing.compactMap { $0?.revision })
        var free = found.filter { !taken.contains($0.revision) }
        let bases = wanted.indices.map { index -> Revision? in
            guard standing[index] == nil else { return nil }
            let place =
                free.firstIndex { wanted[index].path.revisions.contains($0.revision) }
                ?? free.firstIndex { $0.path.revisions.contains(wanted[index].revision) }
                ?? free.firstIndex { !$0.isDeleted } ?? free.indices.first
            // Where nothing is left to go on from, it goes on from itself.
            return place.map { free.remove(at: $0) } ?? wanted[index]
        }
        var edits: [Revision] = []
        var highest: RevisionID?
        // The first one wins, as it did: it comes last, when it is known over which others.
        for index in wanted.indices.reversed() {
            let generation = index == 0 ? highest?.nextGeneration ?? 1 : 0
            if let base = bases[index] {
                let isWinning = index > 0 || highest.map { $0 < wanted[index].revision } ?? true
                edits.append(
                    isWinning && canStandAsItWas(wanted[index], in: base)
                        ? wanted[index] : try wanted[index].onTop(of: base, generation: generation))
            } else if index == 0, let leaf = standing[0], let highest, leaf.revision < highest {
                edits.append(try wanted[0].onTop(of: leaf, generation: generation))
            }
            let end = standing[index]?.revision ?? edits.last?.revision
            highest = [highest, end].compactMap(\.self).max()
        }
        return edits + (try free.filter { !$0.isDeleted }.map { try $0.tombstone() })
    }

    /// Whether a revision can be written as it was: it goes on from its place, or has none and is not known.
    private func canStandAsItWas(_ revision: Revision, in place: Revision) -> Bool {
        guard place.revision == revision.revision else { return revision.path.revisions.contains(place.revision) }
        return !found.contains { $0.path.revisions.contains(revision.revision) }
    }

    /// For each wanted revision the leaf that says what it said, if there is one.
    ///
    /// - Parameter winner: a leaf that stands for the first one.
    private func standing(for wanted: [Revision], behind winner: Revision? = nil) throws -> [Revision?] {
        var live = found.filter { !$0.isDeleted }
        func take(where isFit: (Revision) throws -> Bool) rethrows -> Revision? {
            try live.firstIndex(where: isFit).map { live.remove(at: $0) }
        }
        var standing = wanted.enumerated().map { index, revision -> Revision? in
            let own = (index == 0 ? winner : nil)?.revision ?? revision.revision
            return take { $0.revision == own }
        }
        // First what goes on from it, then what says the same on another branch.
        for isNear in [true, false] {
            for (index, revision) in wanted.enumerated() where standing[index] == nil {
                let content = try DocumentContent(revision)
                standing[index] = try take {
                    try (!isNear || $0.path.revisions.contains(revision.revision)) && DocumentContent($0) == content
                }
            }
        }
        return standing
    }
}

extension RevisionID {
    /// The smallest generation that wins over it; the largest `Int` where there is none.
    fileprivate var nextGeneration: Int { generation == .max ? .max : generation + 1 }
}
