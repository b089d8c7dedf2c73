import CouchDB
import Foundation
import Replication
import Vault

/// Putting `_security` and `_revs_limit` back, of which a cluster takes the one only where most copies of the database are there,
/// and the other only where all are.
extension RestoreRun {
    /// What came of a setting that was to be put back.
    enum SettingEnd {
        case set
        /// CouchDB keeps its own.
        case kept
        case failed(Refusal)
    }

    /// Sets `_security` where it is another one, or may be on some copies.
    func restore(security: Data, _ prepared: Prepared) async throws -> SettingEnd {
        try await onTarget { () async throws -> SettingEnd in
            let found = try await target.securityDocument()
            if found == security, try await isEverywhere(prepared, isUnset: Self.isUnset(security)) { return .set }
            do {
                try await target.setSecurity(document: security)
                return .set
            } catch let error as CouchError where error.code == .forbidden && SystemDatabase.isUsers(target.name) {
                // Unless users_db_security_editable is set, CouchDB keeps its own, which lets administrators in and nobody else.
                return Self.isSame(security, found) ? .set : .kept
            } catch let error as CouchError where error.isMajorityMissing {
                return .failed(
                    Refusal(
                        id: DocumentID(Self.security), revision: nil, stage: .storing, error: "no_majority",
                        reason:
                            "too few copies of the database took it: nodes of the cluster are away, or the account is no "
                            + "administrator of the database"))
            }
        }
    }

    /// Sets `_security` or `_revs_limit`, as above and below.
    func restore(setting name: String, _ prepared: Prepared) async throws -> SettingEnd {
        if name == Self.security, let security = prepared.settings.security {
            return try await restore(security: security, prepared)
        }
        if name == Self.revisionsLimit, let limit = prepared.settings.revisionsLimit {
            return try await restore(revisionsLimit: limit, prepared).map { SettingEnd.failed($0) } ?? .set
        }
        return .set
    }

    /// Makes sure that all copies have what one has as it is to be, where the account may, and notes in the report what can't be
    /// set.
    ///
    /// - Parameter others: the settings that are not as they are to be.
    func confirmSettings(
        besides others: [String], _ prepared: Prepared, _ report: inout RestoreReport
    ) async throws {
        guard try await onTarget({ try await target.info().copyCounts }) != nil, try await !isNoAdministrator() else {
            return
        }
        for name in [Self.revisionsLimit, Self.security] where !others.contains(name) {
            if case .failed(let failure) = try await restore(setting: name, prepared) { report.note(failure) }
        }
    }

    /// Whether a setting that one copy of the target has as it is to be need not be set.
    ///
    /// What CouchDB fails to set it has set on the copies that are there (`fabric_db_meta.erl`), and it reads a single copy. So
    /// nothing but setting it tells that all have it; but what a new database has by itself was not tried to be set there.
    private func isEverywhere(_ prepared: Prepared, isUnset: Bool) async throws -> Bool {
        if prepared.wasEmpty, isUnset { return true }
        return try await target.info().copyCounts == nil
    }

    /// Sets the limit of a new target where it is another one, and notes in the report where that failed.
    func setRevisionsLimit(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        if case .failed(let failure) = try await restore(setting: Self.revisionsLimit, prepared) {
            report.note(failure)
        }
    }

    /// Sets `_revs_limit` where it is another one, or may be on some copies.
    ///
    /// CouchDB sets it on all copies of all shards, and fails after a minute where one is away
    /// (`fabric_db_meta:set_revs_limit`), however often it is asked.
    ///
    /// - Returns: Why it was not set; nil where it is as it is to be.
    func restore(revisionsLimit limit: Int, _ prepared: Prepared) async throws -> Refusal? {
        try await onTarget { () async throws -> Refusal? in
            let found = try await target.revisionsLimit()
            if found == limit, try await isEverywhere(prepared, isUnset: limit == Self.usualRevisionsLimit) {
                return nil
            }
            do {
                try await target.setRevisionsLimit(limit)
                return nil
            } catch let error as CouchError where Self.mayWaitForANode(error) {
                let cut = limit > found ? "; longer histories are cut to \(Wording.revisions(found)) meanwhile" : ""
                return Refusal(
                    id: DocumentID(Self.revisionsLimit), revision: nil, stage: .storing,
                    error: error.error ?? error.code.rawValue,
                    reason: "it was \(limit), and could not be set: \(error.reason ?? error.message)\(cut)")
            }
        }
    }

    /// Whether that is how CouchDB fails, or what is in front of it and does not wait as long; a server that is started again is
    /// waited for.
    private static func mayWaitForANode(_ error: CouchError) -> Bool {
        error.code == .timeout || error.status == 504 || error.status == 500 && error.error != nil
    }

    /// Refuses an account that may not put back what is to be put back; nothing that is written before would show it.
    ///
    /// - Throws: `ReplicationFailure` with code `forbidden`.
    func expectAdministrator(_ prepared: Prepared) async throws {
        let isNeeded =
            switch prepared.plan.target {
            // Who may make it may do all else.
            case .absent: false
            case .empty, .begun: prepared.settings.security != nil || prepared.settings.revisionsLimit != nil
            case .existing: try await otherSettings(prepared).putBack.contains { $0 != Self.localDocuments }
            }
        guard isNeeded, try await isNoAdministrator() else { return }
        try await onTarget {
            throw CouchError(
                .forbidden,
                "only an administrator of the database may put _security and _revs_limit back: log in as one",
                status: 403)
        }
    }

    /// Whether the account is known not to be an administrator of the target.
    private func isNoAdministrator() async throws -> Bool {
        try await onTarget {
            do {
                let session = try await target.server.session()
                if session.isServerAdmin { return false }
                return !SecurityObject(try await target.security()).isAdministrator(session)
            } catch let error as CouchError where error.isRefusal || [.notCouchDB, .unsupported].contains(error.code) {
                // What a proxy keeps back says nothing of the account.
                return false
            }
        }
    }
}
