import CouchDB
import Foundation
import Replication
import Vault

/// Writing into a database that goes on living what it was at the moment.
extension RestoreRun {
    func bringBack(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        let (selection, replica) = (prepared.selection, NewDocuments(in: target))
        let designs = Set(prepared.designDocuments.map(\.id))
        var later: Set<DocumentID> = []
        if options.isExact { later = try await laterDesignDocuments(of: selection) }
        // Functions that came later are removed before they can refuse what was before them, and those of the moment come
        // back behind it: they may allow no edit.
        try await writing(&report) { tally in try await write(later, &tally) }
        report.add(try await copy(prepared, to: replica))
        try await writing(&report) { tally in
            try await groups(of: selection) { group in
                try await write(group.map(\.id).filter { !$0.isDesign }, &tally)
            }
        }
        report.add(try await copyDesignDocuments(prepared, to: replica))
        try await writing(&report) { tally in try await write(designs.subtracting(later), &tally) }
    }

    /// The design documents that live in the target and not in the moment.
    private func laterDesignDocuments(of selection: ResolvedSelection) async throws -> Set<DocumentID> {
        let found = try await onTarget { try await target.designDocumentIDs() }.map { DocumentID($0) }
            .filter { selection.contains($0) }
        let looks = try await looks(at: found, in: CouchReplica(target))
        return Set(looks.filter { $0.winner == nil || $0.wanted.first?.isDeleted == true }.map(\.id))
    }

    /// What was written, and what was not.
    private struct Tally {
        /// Documents of which it was told before that they are set aside.
        let known: Set<DocumentID>
        var looked = 0
        var edits = 0
        var copied = ReplicationCounts()
        var refusals: [Refusal] = []

        mutating func note(_ refusal: Refusal) {
            guard !known.contains(refusal.id) else { return }
            copied.refused += 1
            if known.count + refusals.count < ReplicationReport.namedRefusals { refusals.append(refusal) }
        }
    }

    private func writing(_ report: inout RestoreReport, _ write: (inout Tally) async throws -> Void) async throws {
        var tally = Tally(known: Set(report.refusals.map(\.id)))
        try await write(&tally)
        report.edits += tally.edits
        report.add(tally.copied, tally.refusals)
    }

    private func write(_ ids: some Collection<DocumentID>, _ tally: inout Tally) async throws {
        guard !ids.isEmpty else { return }
        defer {
            tally.looked += ids.count
            onLook(tally.looked, tally.edits)
        }
        let replica = CouchReplica(target)
        let looks = try await looks(at: Array(ids), in: replica)
        let ways = looks.map { $0.way(isExact: options.isExact) }
        for refusal in ways.flatMap(\.obstacles) { tally.note(refusal) }
        let new = ways.flatMap(\.edits)
        guard !new.isEmpty else { return }
        let result = try await onTarget { try await replica.store(new, checkpoint: nil) }
        let refusals = try await createAgain(result.refusals, of: new, looks, in: replica)
        for refusal in refusals { tally.note(refusal) }
        let refused = Set(refusals.map { [$0.id.text, $0.revision?.description ?? ""] })
        let wanted = Dictionary(looks.map { ($0.id, Set($0.wanted.map(\.revision))) }, uniquingKeysWith: { $1 })
        for revision in new where !refused.contains([revision.id.text, revision.revision.description]) {
            guard wanted[revision.id]?.contains(revision.revision) == true else {
                tally.edits += 1
                continue
            }
            tally.copied.revisionsStored += 1
            tally.copied.bytesStored += revision.document.count + revision.attachments.reduce(0) { $0 + $1.size }
            tally.copied.attachmentsStored += revision.attachments.count
        }
    }

    /// Writes as new documents what was forbidden on top of a tombstone: accounts, whose names may not change, and whatever else
    /// is compared with what was there before.
    ///
    /// - Returns: what is refused all the same.
    private func createAgain(
        _ refusals: [Refusal], of edits: [Revision], _ looks: [DocumentLook], in replica: CouchReplica
    ) async throws -> [Refusal] {
        guard refusals.contains(where: { $0.error == "forbidden" }) else { return refusals }
        let deleted = Set(looks.filter { !$0.found.isEmpty && $0.found.allSatisfy(\.isDeleted) }.map(\.id))
        let byDocument = Dictionary(grouping: edits, by: \.id)
        var left: [Refusal] = []
        for refusal in refusals {
            guard refusal.error == "forbidden", deleted.contains(refusal.id),
                // Conflicts need branches of their own.
                let edit = byDocument[refusal.id]?.first, byDocument[refusal.id]?.count == 1, !edit.isDeleted
            else {
                left.append(refusal)
                continue
            }
            let document = try edit.asNew()
            if let again = try await onTarget({ try await replica.create(document, like: edit) }) { left.append(again) }
        }
        return left
    }

    /// What belongs to the database, is no document, and is not as it was: what is put back, most of it only by an exact
    /// restore of everything, and what is left.
    func otherSettings(_ prepared: Prepared) async throws -> (putBack: [String], left: [String]) {
        let settings = prepared.settings
        var (own, other, left): ([String], [String], [String]) = ([], [], [])
        // What a new database has by itself was not set by anybody: a restore that made it, and was cut off, still has to.
        func note(_ name: String, isUnset: Bool) {
            if prepared.wasEmpty, isUnset { own.append(name) } else { other.append(name) }
        }
        if let security = settings.security {
            let found = try await onTarget { try await target.securityDocument() }
            if !Self.isSame(security, found) { note(Self.security, isUnset: Self.isUnset(found)) }
        }
        if let limit = settings.revisionsLimit {
            let found = try await onTarget { try await target.revisionsLimit() }
            if found != limit { note(Self.revisionsLimit, isUnset: found == Self.usualRevisionsLimit) }
        }
        if let isPartitioned = settings.isPartitioned,
            try await onTarget({ try await target.info().isPartitioned }) != isPartitioned
        {
            left.append("partitioned")
        }
        // Local documents come back wherever they are asked for.
        let local = try await lacksLocalDocuments(settings) ? [Self.localDocuments] : []
        return options.isExact && prepared.selection.isAll ? (own + other + local, left) : (own + local, other + left)
    }

    static func isUnset(_ security: Data) -> Bool {
        (try? JSONValue(parsing: security)).map { SecurityObject($0).isUnset } ?? false
    }

    /// Of a new database (couch_db_engine.hrl).
    static let usualRevisionsLimit = 1000

    /// Whether two security objects say the same; one that can't be parsed says the same only as equal bytes.
    static func isSame(_ security: Data, _ other: Data) -> Bool {
        guard security != other else { return true }
        // Whatever is wrong with one, it is not known to be the same.
        guard let left = try? JSONValue(parsing: security), let right = try? JSONValue(parsing: other) else {
            return false
        }
        return SecurityObject(left) == SecurityObject(right)
    }

    static let security = "_security"
    /// What it is called among the settings.
    static let revisionsLimit = "_revs_limit"

    /// Puts back what is to be as it was, and notes what is left.
    func bringBackSettings(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        let other = try await otherSettings(prepared)
        report.otherSettings = other.left
        // _security last: it may take from the account the right to do the rest.
        for name in other.putBack.filter({ $0 != Self.security }) + other.putBack.filter({ $0 == Self.security }) {
            guard name != Self.localDocuments else {
                let refusals = try await restoreLocalDocuments(prepared.settings)
                report.setAside(refusals)
                // Those that were not taken are told by their names.
                if refusals.isEmpty { report.restoredSettings.append(name) }
                continue
            }
            switch try await restore(setting: name, prepared) {
            case .set: report.restoredSettings.append(name)
            case .kept: report.noteKept(name)
            case .failed(let failure): report.note(failure)
            }
        }
        let restored = Set(report.restoredSettings)
        report.restoredSettings = other.putBack.filter { restored.contains($0) }
        guard options.isExact && prepared.selection.isAll || prepared.wasEmpty else { return }
        try await confirmSettings(besides: other.putBack + other.left, prepared, &report)
    }

    /// What documents were at the moment, and what they are, with their contents.
    func looks(at ids: [DocumentID], in replica: CouchReplica) async throws -> [DocumentLook] {
        let leaves = try await moment.leaves(of: ids)
        let wanted = try await Self.contents(of: leaves, in: moment)
        let found = try await onTarget {
            try await Self.contents(of: replica.leaves(of: ids), in: replica)
        }
        let winners = Dictionary(leaves.map { ($0.id, $0.revisions.first) }) { first, _ in first }
        return ids.map { id in
            DocumentLook(
                id: id, wanted: wanted.given[id] ?? [], found: found.given[id] ?? [], lost: wanted.unread[id] ?? [],
                winner: winners[id] ?? nil, hidden: found.unread[id] ?? [])
        }
    }

    private typealias Contents = (given: [DocumentID: [Revision]], unread: [DocumentID: [Refusal]])

    /// The revisions with their contents, of each document the winner first.
    private static func contents(of documents: [DocumentLeaves], in replica: any Replica) async throws -> Contents {
        var contents: Contents = ([:], [:])
        try await replica.revisions(documents) { answer in
            switch answer.outcome {
            case .given(let revisions): contents.given[answer.id, default: []] += revisions
            case .unavailable(let refusal): contents.unread[answer.id, default: []].append(refusal)
            }
        }
        contents.given = contents.given.mapValues { revisions in
            revisions.sorted { left, right in
                left.isDeleted == right.isDeleted ? left.revision > right.revision : !left.isDeleted
            }
        }
        return contents
    }
}
