import CouchDB
import Foundation

/// Where both sides of a pair stood when they were found equal, so that a later verification needs to look only at what has
/// changed behind it.
///
/// It stands on the feeds: whatever adds a leaf revision to a database, or takes one away, lists its document there again,
/// but for a purge, and but for a database that was made anew or put back to an older state. Those are looked for, and end
/// the basis. What a disk loses without a trace no feed lists, so a verification of everything stays needed now and then.
package struct VerificationBasis: Sendable, Hashable, Codable {
    package typealias Side = VerificationState.Side

    package var source: Side
    package var target: Side
    /// When the last verification of everything began, which this goes back to.
    package var at: Date
    /// What both told as their newest change before their feeds were read; nil in what earlier versions kept.
    private var told: Told?

    private struct Told: Sendable, Hashable, Codable {
        var source: UpdateSequence
        var target: UpdateSequence
    }

    /// nil where it can't be known which databases these are, so that nothing can be built on them.
    init?(
        _ sides: ReplicaDescriptions, at sourceEnd: UpdateSequence, _ targetEnd: UpdateSequence, since at: Date
    ) {
        let (source, target) = (sides.source, sides.target)
        guard source.identity != nil, target.identity != nil else { return nil }
        (self.source, self.target, self.at) = (Side(source), Side(target), at)
        (self.source.sequence, self.target.sequence) = (sourceEnd, targetEnd)
        told = Told(source: source.updateSequence, target: target.updateSequence)
    }

    /// Whether what has changed since is all that can differ now.
    func isSound(for sides: ReplicaDescriptions) -> Bool {
        source.isContinued(by: Side(sides.source)) && target.isContinued(by: Side(sides.target))
    }

    /// Whether nothing was written to either side since: both tell the very same position as then. Where it is written in
    /// another way, as a cluster may, the feeds have to be read.
    package func isUnchanged(for sides: ReplicaDescriptions) -> Bool {
        told == Told(source: sides.source.updateSequence, target: sides.target.updateSequence)
    }
}
