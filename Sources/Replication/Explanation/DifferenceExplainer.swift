import CouchDB
import Foundation

/// Gathers evidence of why documents differ: a few requests for each database, and at most four small ones for each document.
///
/// It only reads. What a server refuses to tell is not known, and nothing is concluded from it.
package actor DifferenceExplainer {
    private let source: any ComparableReplica
    private let target: any ComparableReplica
    private let context: ReplicationContext
    private let refusals: [DocumentID: Refusal]
    /// Asked for once, when the first difference needs it.
    private var sides: (source: SideEvidence, target: SideEvidence, rollback: ReplicationFailure.Side?)?
    private var purged: [DocumentID: Set<RevisionID>]?

    package init(
        _ source: any ComparableReplica, _ target: any ComparableReplica,
        context: ReplicationContext = ReplicationContext()
    ) {
        (self.source, self.target, self.context) = (source, target, context)
        refusals = Dictionary(context.refusals.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }

    /// Says why a document differs, where the evidence supports anything.
    ///
    /// - Throws: `CancellationError`.
    package func reason(of difference: Difference) async throws -> DifferenceReason? {
        var evidence = DifferenceEvidence()
        let (from, to, rollback) = try await sideEvidence()
        (evidence.source, evidence.target, evidence.rollback) = (from, to, rollback)
        evidence.refusal = refusals[difference.id]
        if let part = context.part, !difference.onlyInSource.isEmpty {
            evidence.isFiltered = part.isUnlisted(difference.id)
            if evidence.isFiltered != true, let source = (source as? CouchReplica)?.database {
                let isUnselected = try await known { try await part.isUnselected(difference.id, in: source) } ?? nil
                evidence.isFiltered = isUnselected ?? evidence.isFiltered
            }
            evidence.filters = part.others + (part.selector != nil && evidence.isFiltered == nil ? ["selector"] : [])
        }
        if !difference.onlyInSource.isEmpty, to.maximumDocumentSize != nil || to.maximumAttachmentSize != nil {
            (evidence.bodySize, evidence.attachmentSize) =
                try await known { try await self.sizes(of: difference) } ?? (nil, nil)
        }
        if !difference.onlyInTarget.isEmpty {
            evidence.lineage = try await known { try await self.lineage(of: difference) } ?? nil
        }
        return DifferenceReason(difference, evidence)
    }

    /// What a server does not tell is no evidence; everything but a cancellation is such a case.
    private func known<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value? {
        do {
            return try await body()
        } catch {
            try Task.checkCancellation()
            return nil
        }
    }

    private func sideEvidence() async throws -> (
        source: SideEvidence, target: SideEvidence, rollback: ReplicationFailure.Side?
    ) {
        if let sides { return sides }
        let (left, right) = ((source as? CouchReplica)?.database, (target as? CouchReplica)?.database)
        var (from, to) = (SideEvidence(), SideEvidence())
        if let left {
            let info = try await known { try await left.info() }
            // A clustered server counts its shards' purges in a sequence, whose number is 0 as long as there was none.
            from.hasPurges = info?.purgeSequence?.displayNumber.map { $0 > 0 }
            from.madeAt = info?.identity.flatMap { Int($0) }
        }
        if let right {
            to.madeAt = try await known { try await right.info().identity }.flatMap(\.self).flatMap { Int($0) }
            to.validating = try await known {
                try await right.designDocuments().filter { $0["validate_doc_update"]?.string != nil }
                    .compactMap { $0["_id"]?.string }
            }
            if let session = try await known({ try await right.server.session() }) {
                to.user = session.userName
                let security = try await known { try await right.security() }
                if let user = context.user, user != session.userName {
                    (to.user, to.isOtherUser) = (user, true)
                    let other = try await account(user, of: right.server)
                    to.mayWriteDesignDocuments = other.flatMap { Self.isAdmin($0, security) }
                } else {
                    to.mayWriteDesignDocuments = Self.isAdmin(session, security)
                }
            }
            let limits = try await known { try await right.server.configuration(section: "couchdb") }
            to.maximumDocumentSize = limits?["max_document_size"].flatMap { Int($0) }
            to.maximumAttachmentSize = limits?["max_attachment_size"].flatMap { Int($0) }
        }
        var rollback: ReplicationFailure.Side?
        if let left, let right, let id = context.checkpointID {
            let logs = try await known {
                (try await left.localDocument(id), try await right.localDocument(id))
            }
            if let logs { rollback = DifferenceEvidence.rollback(source: logs.0, target: logs.1) }
        }
        sides = (from, to, rollback)
        return (from, to, rollback)
    }

    /// What a user would be who logs in; nil where an account can't be seen, as only an admin can.
    private func account(_ user: String, of server: ServerConnection) async throws -> SessionInfo? {
        guard let admins = try await known({ try await server.configuration(section: "admins") }) else { return nil }
        if admins[user] != nil { return SessionInfo(userName: user, roles: ["_admin"]) }
        let found = try await known { try await server.database("_users").document("org.couchdb.user:\(user)") }
        guard let account = found.flatMap(\.self) else { return nil }
        return SessionInfo(userName: user, roles: account["roles"]?.array?.compactMap(\.string) ?? [])
    }

    private static func isAdmin(_ session: SessionInfo, _ security: JSONValue?) -> Bool? {
        if session.isServerAdmin { return true }
        guard let admins = security?["admins"] else { return security == nil ? nil : false }
        let names = admins["names"]?.array?.compactMap(\.string) ?? []
        let roles = admins["roles"]?.array?.compactMap(\.string) ?? []
        return session.userName.map(names.contains) == true || !Set(roles).isDisjoint(with: session.roles)
    }

    private func sizes(of difference: Difference) async throws -> (Int?, Int?) {
        let wanted = DocumentLeaves(id: difference.id, revisions: difference.onlyInSource)
        var (body, attachment): (Int?, Int?) = (nil, nil)
        try await source.documents([wanted]) { answer in
            guard case .given(let document) = answer.outcome else { return }
            let members = try JSONValue(parsing: document).object ?? [:]
            let own = members.filter { !$0.key.hasPrefix("_") }
            body = max(body ?? 0, JSONValue.object(own).serialized().count)
            for member in try DocumentMembers(of: document).attachments {
                attachment = max(attachment ?? 0, member.length ?? 0)
            }
        }
        return (body, attachment)
    }

    /// What holds for all extra revisions of a document; the source's own view of their ancestors.
    private func lineage(of difference: Difference) async throws -> DifferenceEvidence.Lineage? {
        let paths = try await Self.paths(of: difference.onlyInTarget, difference.id, in: target)
        guard paths.count == difference.onlyInTarget.count else { return nil }
        let ancestors = Set(paths.flatMap { $0.revisions.dropFirst() })
        var lacking: Set<RevisionID> = []
        if !ancestors.isEmpty {
            let asked = DocumentLeaves(id: difference.id, revisions: ancestors.sorted())
            for document in try await source.missing([asked]) { lacking.formUnion(document.revisions) }
        }
        let leaves = Set(try await source.leaves(of: [difference.id]).flatMap(\.revisions))
        let gone = try await purgedRevisions()[difference.id] ?? []
        // What the source has of the document is read only where it may be all that it knows.
        let isStrange = !leaves.isEmpty && lacking == ancestors
        let oldest = isStrange ? try await Self.paths(of: leaves.sorted(), difference.id, in: source) : []
        let found = Set(
            paths.map { path in
                DifferenceEvidence.lineage(
                    of: path, known: ancestors.subtracting(lacking), leaves: leaves, purged: gone,
                    oldest: oldest.compactMap(\.revisions.last?.generation))
            })
        return found.count == 1 ? found.first : .unknown
    }

    /// The histories of those of the revisions that a side has.
    private static func paths(
        of revisions: [RevisionID], _ id: DocumentID, in side: any ComparableReplica
    ) async throws -> [RevisionPath] {
        var paths: [RevisionPath] = []
        try await side.documents([DocumentLeaves(id: id, revisions: revisions)]) { answer in
            guard case .given(let document) = answer.outcome else { return }
            paths.append(try DocumentMembers(of: document).revisionPath())
        }
        return paths
    }

    /// What the source tells to have purged: 3.4 and later, up to a thousand entries a shard.
    private func purgedRevisions() async throws -> [DocumentID: Set<RevisionID>] {
        if let purged { return purged }
        let database = (source as? CouchReplica)?.database
        let told = try await known { try await database?.purgedRevisions() ?? [] } ?? []
        var found: [DocumentID: Set<RevisionID>] = [:]
        for (id, revisions) in told { found[DocumentID(id), default: []].formUnion(revisions) }
        purged = found
        return found
    }
}
