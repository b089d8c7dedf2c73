import CouchDB
import Foundation

/// Where both sides of a pair stood when they were found equal, so that a later verification needs to look only at what has
/// changed behind it.
///
/// It stands on the feeds: whatever adds a leaf revision to a database, or takes one away, lists its document there again,
/// but for a purge, and but for a database that was made anew or put back to an older state. Those are looked for, and end
/// the basis. What a disk loses without a trace no feed lists, so a verification of everything stays needed now and then.
package struct VerificationBasis: Sendable, Hashable, Codable {
    /// One side as it was then.
    package struct Side: Sendable, Hashable, Codable {
        package var name: String
        package var identity: String
        package var purges: String?
        /// Up to where its feed was read.
        package var sequence: UpdateSequence

        /// nil where it can't be known which database this is, so that nothing can be built on it.
        init?(_ description: ReplicaDescription, sequence: UpdateSequence) {
            guard let identity = description.identity else { return nil }
            (name, self.identity, purges) = (description.name, identity, description.purges)
            self.sequence = sequence
        }

        /// Whether this is the same database, which has only gone on since.
        func isContinued(by description: ReplicaDescription) -> Bool {
            guard identity == description.identity, purges == description.purges else { return false }
            // The number in front proves nothing; a smaller one is reason enough to look at everything.
            guard let then = sequence.displayNumber, let now = description.updateSequence.displayNumber else {
                return true
            }
            return now >= then
        }
    }

    package var source: Side
    package var target: Side
    /// When the last verification of everything began, which this goes back to.
    package var at: Date

    /// nil where nothing can be built on the two.
    init?(
        source: ReplicaDescription, at sourceEnd: UpdateSequence, target: ReplicaDescription,
        at targetEnd: UpdateSequence, since at: Date
    ) {
        guard let source = Side(source, sequence: sourceEnd), let target = Side(target, sequence: targetEnd) else {
            return nil
        }
        (self.source, self.target, self.at) = (source, target, at)
    }

    /// Whether what has changed since is all that can differ now.
    func isSound(for source: ReplicaDescription, _ target: ReplicaDescription) -> Bool {
        self.source.isContinued(by: source) && self.target.isContinued(by: target)
    }
}
