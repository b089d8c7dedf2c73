import Backup
import Foundation
import Vault

/// Which backup in a vault is meant, and up to which moment: what a later look has to find again.
struct BackupMark: Sendable, Hashable, Codable {
    /// The backup's own uuid: one that is made anew under the same name has another.
    var uuid: String
    var moment: Int
    var time: Date
    /// The number of its newest epoch.
    var epoch: Int?
}

/// What a look found in the place of a backup in the vault.
enum SeenBackup: Sendable, Hashable {
    /// The newest epoch, and why it began.
    struct Epoch: Sendable, Hashable {
        var number: Int
        var reason: String
    }

    /// It could not be looked at, which says nothing.
    case unknown
    /// There is no vault, or none of its backups has the name.
    case absent
    /// - Parameter damaged: the numbers of the moments that are there and can't be read.
    case present(uuid: String, moments: [Moment], damaged: [Int] = [], epoch: Epoch? = nil)

    /// The backup with its newest moment; nil where there is none.
    var newest: BackupMark? {
        guard case .present(let uuid, let moments, _, let epoch) = self, let newest = moments.last else { return nil }
        return BackupMark(uuid: uuid, moment: newest.number, time: newest.time, epoch: epoch?.number)
    }

    /// Whether it is this backup, with all moments up to that one but those that a prune has dropped.
    ///
    /// A prune keeps the newest moment: one that is gone while none is newer was lost otherwise, and a number that stands
    /// for another time was given a second time, to an older copy of the backup.
    func holds(_ mark: BackupMark) -> Bool {
        guard case .present(mark.uuid, let moments, let damaged, _) = self else { return false }
        if damaged.contains(mark.moment) { return true }
        guard let newest = moments.last else { return false }
        guard let same = moments.last(where: { $0.number == mark.moment }) else { return newest.number > mark.moment }
        return abs(same.time.timeIntervalSince(mark.time)) < 0.01
    }

    /// Why the backup has begun another epoch since; nil where it has not, or its source is the same all the same.
    func newEpoch(since mark: BackupMark) -> String? {
        guard case .present(mark.uuid, _, _, let epoch?) = self, let before = mark.epoch, epoch.number > before,
            epoch.reason != BackupRun.purged
        else { return nil }
        return epoch.reason
    }
}
