import CouchDB
import Replication
import Vault

/// Putting `_revs_limit` back, which a cluster takes only where all its nodes are there.
extension RestoreRun {
    /// Sets the limit of a new target where it is another one, and notes in the report where that failed.
    ///
    /// - Throws: `ReplicationFailure`; with code `forbidden` where the account may not put settings back.
    func setRevisionsLimit(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        guard let limit = prepared.settings.revisionsLimit else { return }
        // Nothing is written that would show it otherwise, before all documents are there.
        if prepared.plan.target != .absent { try await expectAdministrator() }
        if let failure = try await restore(revisionsLimit: limit) { report.note(failure) }
    }

    /// Sets `_revs_limit` where it is another one.
    ///
    /// CouchDB sets it on all copies of all shards, and fails after a minute where one is away
    /// (`fabric_db_meta:set_revs_limit`), however often it is asked.
    ///
    /// - Returns: Why it was not set; nil where it is as it is to be.
    func restore(revisionsLimit limit: Int) async throws -> Refusal? {
        try await onTarget { () async throws -> Refusal? in
            guard try await target.revisionsLimit() != limit else { return nil }
            do {
                try await target.setRevisionsLimit(limit)
                return nil
            } catch let error as CouchError where [.timeout, .serverError].contains(error.code) {
                return Refusal(
                    id: DocumentID(Self.revisionsLimit), revision: nil, stage: .storing,
                    error: error.error ?? error.code.rawValue,
                    reason: "it was \(limit), and could not be set: \(error.reason ?? error.message)")
            }
        }
    }

    /// Refuses an account that is known not to be an administrator of the target.
    private func expectAdministrator() async throws {
        try await onTarget {
            do {
                let session = try await target.server.session()
                if session.isServerAdmin { return }
                let security = SecurityObject(try await target.security())
                guard !security.isAdministrator(session) else { return }
            } catch let error as CouchError where error.isRefusal || [.notCouchDB, .unsupported].contains(error.code) {
                // What a proxy keeps back says nothing of the account.
                return
            }
            throw CouchError(
                .forbidden,
                "only an administrator of the database may put _security and _revs_limit back: log in as one",
                status: 403)
        }
    }
}
