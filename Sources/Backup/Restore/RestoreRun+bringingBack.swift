import CouchDB
import Replication
import Vault

/// Writing into a database that goes on living what it was at the moment.
extension RestoreRun {
    func bringBack(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        let replica = CouchReplica(target)
        var (edits, refused, refusals): (Int, Int, [Refusal]) = (0, 0, [])
        // Copying has set aside what it could not read, too.
        let known = Set(report.refusals.map(\.id))
        func note(_ refusal: Refusal) {
            guard !known.contains(refusal.id) else { return }
            refused += 1
            if known.count + refusals.count < ReplicationReport.namedRefusals { refusals.append(refusal) }
        }
        try await groups(of: prepared.selection) { group in
            let looks = try await looks(at: group.map(\.id), in: replica)
            for refusal in looks.flatMap({ $0.unread(isExact: options.isExact) }) { note(refusal) }
            let new = try looks.flatMap { try $0.edits(isExact: options.isExact) }
            guard !new.isEmpty else { return }
            let result = try await onTarget { try await replica.store(new, checkpoint: nil) }
            edits += new.count - result.refusals.count
            for refusal in result.refusals { note(refusal) }
        }
        report.edits = edits
        report.counts.refused += refused
        report.refusals += refusals
    }

    /// What belongs to the database and is no document: put back where all is to be as it was, told of where not.
    func bringBack(_ settings: SourceSettings, _ report: inout RestoreReport) async throws {
        if let security = settings.security {
            let wanted = SecurityObject(try JSONValue(parsing: security))
            let found = try await onTarget { try await target.securityDocument() }
            if SecurityObject(try JSONValue(parsing: found)) != wanted {
                report.otherSettings.append("_security")
                if options.isExact { try await onTarget { try await restore(security: security) } }
            }
        }
        if let limit = settings.revisionsLimit, try await onTarget({ try await target.revisionsLimit() }) != limit {
            report.otherSettings.append("_revs_limit")
            if options.isExact { try await onTarget { try await target.setRevisionsLimit(limit) } }
        }
        if options.isExact { report.otherSettings = [] }
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
