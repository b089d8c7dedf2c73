import CouchDB
import Foundation

/// What is known of a verification that has not ended yet: enough to go on with it.
package struct VerificationState: Sendable, Hashable, Codable {
    /// A side as it was when the verification began.
    package struct Side: Sendable, Hashable, Codable {
        package var name: String
        package var identity: String?
        package var sequence: UpdateSequence
        package var purges: String?

        init(_ description: ReplicaDescription) {
            (name, identity, sequence) = (description.name, description.identity, description.updateSequence)
            purges = description.purges
        }

        /// Whether it is another database; where an identity can't be known, the name has to do.
        func isOther(than side: Side) -> Bool { name != side.name || identity != side.identity }

        /// Whether the same database has only gone on: nothing was purged, and it was not put back to an older state.
        func isContinued(by side: Side) -> Bool {
            guard identity == side.identity, PurgeSequence.isSame(purges, side.purges) else { return false }
            // The number in front proves nothing; a smaller one is reason enough to look at everything.
            guard let then = sequence.displayNumber, let now = side.sequence.displayNumber else { return true }
            return now >= then
        }
    }

    /// How the comparison of revisions has ended.
    struct Revisions: Sendable, Hashable, Codable {
        var counts: ComparisonCounts
        var sequence: UpdateSequence
        var targetSequence: UpdateSequence
        var isBehind: Bool
        var passedSelfTest: Bool?
    }

    static let currentVersion = 1

    var version = Self.currentVersion
    package var level: Verification.Level
    package var share: BodyShare
    package var selfTests: Bool
    /// When it began.
    package var at: Date
    package var source: Side
    package var target: Side
    /// What it is built on; nil where everything is compared.
    package var basis: VerificationBasis?
    /// How far the feeds were read.
    package var comparison: ComparisonState?
    /// Set when all revisions are compared.
    var revisions: Revisions?
    /// How far the bodies were compared.
    package var bodies: BodyReport?
    /// The bytes of the file with differences that belong to this state.
    var differences = 0
    /// The seconds that earlier runs took, up to this state.
    package var seconds: Double = 0
    /// The nodes that were away when it began, or when it was resumed; nil where none was.
    var away: AwayNodes?
}

/// A state that can't be resumed.
package struct VerificationStateError: Error, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// There is none.
        case nothingToResume = "nothing-to-resume"
        /// The state speaks of other databases.
        case otherDatabases = "other-databases"
        /// It can't be read.
        case damaged = "state-damaged"
    }

    package var code: Code
    package var description: String
}
