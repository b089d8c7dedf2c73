import CouchDB
import Foundation
import Replication
import Supervision

/// What is kept of one verification of a pair.
package struct VerificationRecord: Sendable, Hashable, Codable {
    /// Where it is.
    package enum State: String, Sendable, Hashable, Codable {
        /// A process is at it.
        case running
        /// It came to a verdict, which may be that nothing is known.
        case ended
        /// Somebody stopped it, or its time was up; it can be resumed.
        case stopped
        /// Its process is gone; it can be resumed.
        case interrupted
    }

    /// What was done with the content; the share is the part's number, from 1 on, and of how many.
    package struct Bodies: Sendable, Hashable, Codable {
        package var share: [Int]?
        package var documents: Int
        package var revisions: Int
        package var bytes: Int
        package var proved: Int
        package var bodyProved: Int
        package var notProvable: [String: Int]
        package var damagedSource: Int
        package var damagedTarget: Int
        package var unreadable: Int
        /// How many of them the target could not read; at most a hundred are told apart.
        package var unreadableInTarget: Int?

        package init(_ report: BodyReport, share: BodyShare?) {
            if case .part(let part, let count) = share { self.share = [part + 1, count] }
            (documents, revisions) = (report.progress.compared, report.revisions)
            (bytes, unreadable) = (report.progress.bytes, report.unreadable)
            let inTarget = report.unreadableRevisions.count { $0.side == .target }
            unreadableInTarget = inTarget > 0 ? inTarget : nil
            (proved, bodyProved) = (report.proofs.proved, report.proofs.bodyProved)
            notProvable = Dictionary(
                report.proofs.notProvable.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: +)
            (damagedSource, damagedTarget) = (report.proofs.damagedSource, report.proofs.damagedTarget)
        }
    }

    package var id = 0
    /// The pair's name at that time.
    package var pair: String
    /// The two sides, as reports name them.
    package var source: String
    package var target: String
    package var level: Verification.Level
    /// Of which documents the content is compared, at level `bodies`.
    package var share: BodyShare?
    package var passedSelfTest: Bool?
    /// Whether `_security` says the same on both sides, at level `counts`; nil where it was not compared.
    package var hasEqualSecurity: Bool?
    /// Whether both sides are partitioned, or neither is; nil where one is no database of a server.
    package var hasEqualPartitioning: Bool?
    /// Who wanted it: `asked`, `schedule`, or a rule's name.
    package var reasonToRun: String
    package var state = State.running
    package var startedAt: Date
    package var endedAt: Date?
    /// The verdict, once there is one.
    package var verdict: Verification.Verdict?
    /// Why the verdict is unknown, for programs.
    package var doubt: Verification.Doubt?
    /// Why the verdict is unknown, or why it was stopped.
    package var reason: String?
    /// Whether somebody asked for it to be stopped; then no check takes it up.
    package var wasAskedToStop: Bool?
    /// The source's position that the verdict refers to, and when that was.
    package var sequence: String?
    package var asOf: Date?
    package var counts = ComparisonCounts()
    package var bodies: Bodies?
    /// Documents that were changed at the source behind that position; nothing is said of them.
    package var onTheirWay = 0
    /// How long it ran, in seconds, pauses between resumptions left out.
    package var seconds: Double = 0
    /// Rows read so far and rows expected.
    package var rows = 0
    package var expectedRows = 0
    /// The file with all differences, where there are more than are kept here.
    package var file: String?
    /// Where only what has changed since was compared: when everything was.
    package var since: Date?
    /// That the moment of the vault is equal and could not be marked so, and why; nil where it is marked, or is not to be.
    package var unmarked: String?
    /// What the next verification can be built on.
    package var basis: VerificationBasis?
    /// By what it is known that neither side was put back since.
    package var witness: FeedWitness?

    package init(
        pair: String, source: String, target: String, level: Verification.Level, reasonToRun: String, startedAt: Date
    ) {
        (self.pair, self.source, self.target) = (pair, source, target)
        (self.level, self.reasonToRun, self.startedAt) = (level, reasonToRun, startedAt)
    }

    /// Whether every revision of the source was found in the backup, which may hold others besides.
    package var hasFoundAll: Bool {
        guard level != .counts, (bodies?.unreadable ?? 0) == 0 else { return false }
        return verdict == .equal || (verdict == .different && counts.isOnlyMore)
    }

    /// Whether it shows that nothing is lost: with nothing on its way, which may never arrive.
    package var isProof: Bool { hasFoundAll && onTheirWay == 0 }

    /// Whether every revision was compared and found equal, as of the position that it speaks of.
    package var provesAllRevisions: Bool { verdict == .equal && level != .counts && since == nil }

    /// Whether the content of all of them was.
    package var provesAllContent: Bool { provesAllRevisions && level == .bodies && share ?? .all == .all }

    /// What the pair's verifications are known by, whatever its name.
    package var key: String { Self.key(source: source, target: target) }

    package static func key(source: String, target: String) -> String {
        PassOptions.proofKey(source: source, target: target)
    }
}
