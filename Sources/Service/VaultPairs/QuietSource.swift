import CouchDB
import Foundation
import Supervision

/// What a source said of itself before a backup that found nothing in it which the newest moment lacks: as long as it says
/// exactly the same, nobody need back it up.
///
/// Each write makes the files of a database longer, also that of a local document, which a position in the feed does not show
/// (`couch_file.erl`, `couch_db_updater.erl`; tried on 1.7 and 3.5.0). Two compactions may hide the writing of a local document
/// between them until the next whole look.
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

        /// nil where the source does not tell enough, or where its shards may have several copies, of which any may answer.
        init?(_ info: DatabaseInfo) {
            // A single node of 1.x has no shards, and numbers for positions.
            let hasOneCopy = info.n.map { $0 == 1 } ?? (info.updateSequence.number != nil)
            guard hasOneCopy, let fileSize = info.fileSize else { return nil }
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
    var backup: Backup

    /// How long at least and at most no backup is made, in seconds: a whole look is not to be put off for ever, nor are those of
    /// all sources to come at the same time.
    private static let bounds: ClosedRange<TimeInterval> = 3600...7200

    /// Whether the source is as it was then, not too long ago.
    func holds(for now: DatabaseObservation, at time: Date) -> Bool {
        guard case .present(let info) = now, Picture(info) == picture, let age = backup.at.age(at: time) else {
            return false
        }
        // The uuid is random.
        let share = Double(UInt16(backup.uuid.prefix(4), radix: 16) ?? 0) / 65_536
        let width = Self.bounds.upperBound - Self.bounds.lowerBound
        return age < Self.bounds.lowerBound + width * share
    }
}
