import CouchDB
import Foundation

extension Verification {
    /// Why a verdict is unknown: words that stay the same.
    package enum Doubt: String, Sendable, Hashable, Codable {
        /// The target was still being filled while documents were missing.
        case backupBehind = "backup-behind"
        /// Content that one side lists can't be read there.
        case contentUnreadable = "content-unreadable"
        /// What was planted was not found, so that nothing is known.
        case selfTestFailed = "self-test-failed"
        /// So many nodes of a cluster were away that acknowledged writes may not have been visible.
        case nodesAway = "nodes-away"
    }

    /// How a verification has ended.
    package struct Result: Sendable {
        package var verdict: Verdict
        package var level: Level
        /// Why the verdict is unknown, for programs.
        package var doubt: Doubt?
        /// Why the verdict is unknown, for people.
        package var reason: String?
        /// The source's position up to which the verdict speaks, and when that was.
        package var sequence: UpdateSequence
        package var at: Date
        package var counts: ComparisonCounts
        /// The first differences; ``ComparisonCounts/different`` counts all of them.
        package var differences: [Difference]
        /// What was done with the content; nil below level `bodies`.
        package var bodies: BodyReport?
        /// Which content it was.
        package var share: BodyShare?
        /// Whether the planted differences were found; nil where none was planted.
        package var passedSelfTest: Bool?
        /// Whether `_security` says the same on both sides, at level `counts`; nil where it was not compared.
        package var hasEqualSecurity: Bool?
        /// Whether both sides are partitioned, or neither is; nil where one is no database of a server.
        ///
        /// It is no part of the verdict, which is about documents.
        package var hasEqualPartitioning: Bool?
        package var elapsed: Duration
        /// Where only what has changed since was compared: when everything was.
        package var since: Date?
        /// What the next verification can be built on; only where both sides are equal.
        package var basis: VerificationBasis?
        /// The nodes that were away at the beginning or the end; nil where none was.
        package var away: AwayNodes?

        /// Takes back that nothing is missing where acknowledged writes may not have been visible.
        ///
        /// What one side has more may be in what the other one hid. What is known to be missing stays so.
        mutating func note(_ away: AwayNodes?) {
            self.away = away
            guard verdict == .equal || (verdict == .different && counts.isOnlyMore), let hiding = away?.hiding else {
                return
            }
            (verdict, doubt, reason) = (.unknown, .nodesAway, hiding)
        }
    }
}
