import CouchDB
import Foundation
import Supervision

/// That a source was seen, and that a backup then found nothing in it which the newest moment lacks: as long as the source says
/// exactly the same of itself, nothing was written to it, and nobody need back it up.
///
/// Each write makes the files of a database longer, also that of a local document, of `_security` and of `_revs_limit`, which a
/// position in the feed does not show (`couch_file.erl`, `couch_db_updater.erl`; tried on 3.5.0).
struct QuietSource: Sendable, Hashable, Codable {
    /// What a source says of itself that a write changes.
    struct Picture: Sendable, Hashable, Codable {
        var documents: Int
        var deleted: Int
        var updateSequence: UpdateSequence
        var purgeSequence: UpdateSequence?
        var created: String?
        var fileSize: Int
        var activeSize: Int?

        /// nil where the source does not tell enough, or where its shards have several copies, of which any may answer.
        init?(_ observation: DatabaseObservation) {
            guard case .present(let info) = observation, info.n ?? 1 == 1, let fileSize = info.fileSize else {
                return nil
            }
            (documents, deleted) = (info.documentCount, info.deletedCount)
            (updateSequence, purgeSequence) = (info.updateSequence, info.purgeSequence)
            created = info.instanceStartTime
            (self.fileSize, activeSize) = (fileSize, info.activeSize)
        }
    }

    /// The backup that had nothing to do.
    struct Backup: Sendable, Hashable, Codable {
        var at: Date
        /// The newest moment, which lacks nothing.
        var moment: Int
        /// Which backup in the vault it is.
        var uuid: String
    }

    /// What the source said before that backup.
    var picture: Picture
    /// nil while that has not ended, and where it had something to do.
    var backup: Backup?

    /// How long at least and at most no backup is made, in seconds: a whole look at what damage or a bug may have hidden is not
    /// to be put off for ever, nor is one of all sources to come at the same time.
    private static let bounds: ClosedRange<TimeInterval> = 3600...7200

    /// Whether the source is as it was when a backup had nothing to do, not too long ago.
    ///
    /// - Parameter target: the pair's, by which its share of the time is chosen.
    func holds(for now: Picture?, of target: String, at time: Date) -> Bool {
        guard let now, now == picture, let age = backup?.at.age(at: time) else { return false }
        let place = target.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } % 1024
        let width = Self.bounds.upperBound - Self.bounds.lowerBound
        return age < Self.bounds.lowerBound + width * Double(place) / 1024
    }
}
