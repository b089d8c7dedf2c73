import CouchDB
import Foundation

/// How far a replication has come.
///
/// Everything that the source's feed lists up to the sequence is durable in the target, or is named in ``setAside``.
package struct Checkpoint: Sendable, Hashable, Codable {
    /// Which replication it belongs to.
    package var id: String
    /// The position in the source's feed.
    package var sequence: UpdateSequence
    /// Which database the source was, where that could be known.
    package var sourceIdentity: String?
    /// The series of runs that it belongs to: a new one begins whenever a run starts from the beginning of the feed.
    package var session: String
    /// Grows by one from each checkpoint of a session to the next.
    package var number: Int
    package var time: Date
    /// Whether the source holds a copy, as a witness of its own past.
    package var isWitnessed: Bool
    /// What lies before the sequence and is not in the target; the next run tries it again.
    package var setAside: [Refusal]

    package init(
        id: String, sequence: UpdateSequence, sourceIdentity: String?, session: String, number: Int, time: Date,
        isWitnessed: Bool = false, setAside: [Refusal] = []
    ) {
        self.id = id
        self.sequence = sequence
        self.sourceIdentity = sourceIdentity
        self.session = session
        self.number = number
        self.time = time
        self.isWitnessed = isWitnessed
        self.setAside = setAside
    }
}
