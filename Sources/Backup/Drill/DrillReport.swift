import CouchDB
import Foundation
import Replication
import Vault

/// How a drill has ended: the evidence that a backup can, or can't, be restored.
package struct DrillReport: Sendable, Codable, Hashable {
    package enum Verdict: String, Sendable, Codable, Hashable {
        /// What was restored says the same as the backup, every leaf revision of it.
        case equal
        /// It says the same as the backup, to which something of the source was never copied.
        case incomplete
        case different
        /// It came to no end, and says nothing of the backup.
        case unknown
    }

    /// What keeps every drill of the backup in that place from a verdict, until somebody changes it.
    package enum Obstacle: String, Sendable, Codable, Hashable {
        /// The backup is too large for memory.
        case tooLarge = "too-large"
        /// The key can't read the backup: it only writes, is another one, or is not there.
        case unreadable
        /// The server takes the user or the password for wrong.
        case unauthorized
        /// The server does not let the user make databases.
        case forbidden
        /// A secret of the server can't be had.
        case secretUnavailable = "secret-unavailable"
        /// The server did not remove the scratch of an earlier drill: each other one would leave a copy more.
        case scratchLeft = "scratch-left"
    }

    /// What one document is not as it was, and why where that is known.
    package struct Problem: Sendable, Codable, Hashable {
        package var id: String
        package var reason: String
    }

    package var verdict: Verdict
    /// Why there is no verdict, or what is wrong with the whole backup.
    package var reason: String?
    /// What stands against a verdict; nil where there is one, or where the next drill may come to it.
    package var obstacle: Obstacle?
    /// When it began.
    package var at: Date
    /// The backup, as `vault:NAME` or a URL.
    package var backup: String
    /// The number of the vault's moment; nil for a database of a server.
    package var moment: Int?
    /// Of when the state is that was restored.
    package var asOf: Date
    /// Where it was restored to: `memory`, or the server's URL.
    package var place: String
    /// Documents that were restored, tombstones among them.
    package var documents = 0
    /// Leaf revisions whose content was compared.
    package var revisions = 0
    /// The bytes of documents and attachments that were restored.
    package var bytes = 0
    /// What restoring took, and what comparing did.
    package var restoreSeconds = 0.0
    package var compareSeconds = 0.0
    /// What all of it took, however it ended; nil of drills of a version that did not measure it.
    package var seconds: Double?
    /// Documents that are not as they were.
    package var differing = 0
    /// The first of them.
    package var problems: [Problem] = []
    /// Of a moment that is not complete, the revisions that were never copied into it, 0 where it was not read to its end;
    /// nil where it is complete.
    package var setAside: Int?
    /// That the scratch could not be removed, and why; nil where it is gone.
    package var leftover: String?
    /// That the moment is equal and could not be marked so, and why; nil where it is marked, or is not to be.
    package var unmarked: String?

    package init(backup: String, moment: Int?, asOf: Date, place: String, at: Date) {
        (self.backup, self.moment, self.asOf, self.place, self.at) = (backup, moment, asOf, place, at)
        verdict = .unknown
    }

    /// What the backup lacks, in words; nil where it is complete.
    package var lacking: String? { setAside.map { Moment.lacking(setAside: $0) } }

    /// How many problems are named.
    static let named = 20

    mutating func note(_ problem: Problem) {
        if problems.count < Self.named { problems.append(problem) }
    }

    /// Takes back a good verdict for a reason, where there is one.
    mutating func doubt(_ why: String?) {
        guard let why, verdict == .equal || verdict == .incomplete else { return }
        (verdict, reason) = (.unknown, why)
    }

    /// Decides, when all was seen.
    ///
    /// - Parameter isInVault: whether what the backup does not hand out is damaged.
    mutating func conclude(_ bodies: BodyReport, refusals: [Refusal], isInVault: Bool) {
        for refusal in refusals {
            note(Problem(id: refusal.id.text, reason: "not restored: \(refusal.reason)"))
        }
        for unreadable in bodies.unreadableRevisions {
            let side = unreadable.side == .source ? "the backup" : "the restored copy"
            note(
                Problem(
                    id: unreadable.refusal.id.text, reason: "\(side) does not hand it out: \(unreadable.refusal.reason)"
                ))
        }
        let lost = max(Set(refusals.map(\.id)).count, bodies.unreadable)
        if differing == 0 { differing = lost }
        if isOnlyInTheWay(bodies, refusals: refusals) {
            (verdict, reason) = (
                .unknown,
                "the server for the scratch, or a proxy before it, did not take \(Wording.documents(differing)), which says "
                    + "nothing of the backup"
            )
            return
        }
        if isInVault, isOnlyDamage(bodies, refusals: refusals) { reason = Self.damage(of: differing) }
        verdict = differing > 0 || !bodies.isComplete ? .different : setAside == nil ? .equal : .incomplete
    }
}

extension DrillReport.Obstacle {
    /// What a server's rejection stands for; nil where it may pass, as that of an account which is locked for minutes.
    package init?(_ error: CouchError) {
        switch error.code {
        case .unauthorized: self = .unauthorized
        case .forbidden where !error.isAccountLocked: self = .forbidden
        default: return nil
        }
    }
}

extension DrillReport {
    /// The reason of a drill in which all that differs can't be read in the vault.
    static func damage(of documents: Int) -> String {
        "the vault does not hand out \(Wording.documents(documents)) as it was given"
    }

    /// Whether everything that differs does so since a proxy answered in the server's place, or the server failed.
    ///
    /// What CouchDB itself refuses, as for its size, a restore would lose there.
    private func isOnlyInTheWay(_ bodies: BodyReport, refusals: [Refusal]) -> Bool {
        let codes: Set<CouchError.Code> = [.notCouchDB, .documentBlocked, .tooLarge]
        let words = Set(codes.map(\.rawValue)).union([Refusal.notStored])
        let kept = refusals.filter { $0.stage == .storing && words.contains($0.error) }
        guard differing > 0, kept.count == refusals.count, bodies.unreadable == 0 else { return false }
        // Of very many not all are named.
        let isCut = bodies.counts.isEqual && refusals.count >= ReplicationReport.namedRefusals
        return Set(kept.map(\.id)).count >= differing || isCut
    }

    /// Whether everything that differs does so since the backup does not hand it out.
    private func isOnlyDamage(_ bodies: BodyReport, refusals: [Refusal]) -> Bool {
        let unreadable = bodies.unreadableRevisions
        guard differing > 0, bodies.counts.isEqual, refusals.allSatisfy({ $0.stage == .fetching }),
            unreadable.allSatisfy({ $0.side == .source })
        else { return false }
        let damaged = Set(refusals.map(\.id) + unreadable.map(\.refusal.id)).count
        // Of very many not all are named.
        return differing <= damaged || refusals.count >= ReplicationReport.namedRefusals
    }
}

extension Difference {
    /// What a drill says of it.
    var drillProblem: DrillReport.Problem {
        let reason =
            switch kind {
            case .missing: "it was not restored"
            case .extra: "only the restored copy has it"
            case .otherLeaves: "it has other leaf revisions"
            case .bodyDiffers: "its content differs"
            case .attachmentDiffers: "an attachment differs"
            }
        return DrillReport.Problem(id: id.text, reason: reason)
    }
}
