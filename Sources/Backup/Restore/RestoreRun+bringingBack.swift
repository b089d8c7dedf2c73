import CouchDB
import Replication
import Vault

/// Writing into a database that goes on living what it was at the moment.
extension RestoreRun {
    func bringBack(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        let replica = CouchReplica(target)
        var (edits, refusals): (Int, [Refusal]) = (0, [])
        try await groups(of: prepared.selection) { group in
            let new = try await self.edits(for: group.map(\.id), in: replica)
            guard !new.isEmpty else { return }
            let result = try await onTarget { try await replica.store(new, checkpoint: nil) }
            edits += new.count - result.refusals.count
            refusals += result.refusals
        }
        report.edits = edits
        report.counts.refused += refusals.count
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

    func edits(for ids: [DocumentID], in replica: CouchReplica) async throws -> [Revision] {
        try await looks(at: ids, in: replica).flatMap { look in
            try BringBack(wanted: look.wanted, found: look.found, isExact: options.isExact).edits()
        }
    }

    /// What documents were at the moment, and what they are, with their contents.
    func looks(
        at ids: [DocumentID], in replica: CouchReplica
    ) async throws -> [(wanted: [Revision], found: [Revision])] {
        let wanted = try await Self.revisions(of: moment.leaves(of: ids), in: moment)
        let found = try await onTarget {
            try await Self.revisions(of: replica.leaves(of: ids), in: replica)
        }
        return ids.map { (wanted[$0] ?? [], found[$0] ?? []) }
    }

    /// The revisions with their contents, of each document the winner first.
    private static func revisions(
        of documents: [DocumentLeaves], in replica: any Replica
    ) async throws -> [DocumentID: [Revision]] {
        var found: [DocumentID: [Revision]] = [:]
        try await replica.revisions(documents) { answer in
            switch answer.outcome {
            case .given(let revisions): found[answer.id, default: []] += revisions
            case .unavailable(let refusal):
                throw CouchError(.malformedAnswer, "“\(answer.id)” \(answer.revision): \(refusal.reason)")
            }
        }
        return found.mapValues { revisions in
            revisions.sorted { left, right in
                left.isDeleted == right.isDeleted ? left.revision > right.revision : !left.isDeleted
            }
        }
    }
}
