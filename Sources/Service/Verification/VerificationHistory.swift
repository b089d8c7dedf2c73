import Foundation
import Replication

/// What a pair's verifications say together.
package struct VerificationHistory: Sendable {
    /// The verifications that ended with a verdict and compared revisions at least, the newest first.
    private let judged: [VerificationRecord]
    /// The newest one that was stopped or cut off, unless a later one of its level has ended.
    package let resumable: VerificationRecord?
    /// All, the newest first.
    package let all: [VerificationRecord]

    /// The newest of those that are about a backup or a source which is not there any more, where there are no others.
    package let takenBack: VerificationRecord?
    /// What has happened since, in words.
    package let takenBackBy: String

    /// - Parameter evidence: which of them are about the backup that there is now; nil where all are.
    package init(_ records: [VerificationRecord], within evidence: EvidenceSpan? = nil) {
        let counting = records.filter { evidence?.coversComparison($0.startedAt) ?? true }
        takenBack = counting.isEmpty ? records.max { $0.id < $1.id } : nil
        let hasBackup = takenBack.flatMap { evidence?.covers($0.startedAt) } ?? true
        takenBackBy = hasBackup ? "the source was replaced or put back" : "the backup was put back or lost"
        all = counting.sorted { $0.id > $1.id }
        judged = all.filter { record in
            // That nothing has changed which the feeds list renews nothing: it can't see what a disk has lost.
            let isFoundation = record.since == nil || record.verdict != .equal
            return record.state == .ended && record.verdict != nil && record.level != .counts && isFoundation
        }
        let ended = judged
        resumable = all.first { record in
            [.stopped, .interrupted].contains(record.state) && record.level != .counts
                && !ended.contains { $0.level == record.level && $0.id > record.id }
        }
    }

    /// The newest verdict about all leaf revisions; every level from revisions on compares them.
    package var last: VerificationRecord? { judged.first }

    /// The newest one that came to know something.
    package var lastKnown: VerificationRecord? { judged.first { $0.verdict != .unknown } }

    /// The newest verdict about content.
    package var lastBodies: VerificationRecord? { judged.first { $0.level == .bodies } }

    /// The newest one that found other content, unless the same content was compared equal later.
    ///
    /// A comparison of revisions does not see it, nor does one of another share.
    package var openContentDifference: VerificationRecord? {
        func differing(_ record: VerificationRecord) -> Int {
            record.counts.bodyDiffers + record.counts.attachmentDiffers
        }
        return newest {
            differing($0) > 0
        } unless: {
            $0.verdict != .unknown && differing($0) == 0
        }
    }

    /// The newest one to which the backup did not hand out content, unless the same content was read later.
    package var openUnreadContent: VerificationRecord? {
        newest {
            ($0.bodies?.unreadableInTarget ?? 0) > 0
        } unless: {
            $0.bodies?.unreadable == 0
        }
    }

    /// The newest one that found something about content, unless a later one that read the same content settles it.
    private func newest(
        where isFound: (VerificationRecord) -> Bool, unless settles: (VerificationRecord) -> Bool
    ) -> VerificationRecord? {
        for (index, record) in judged.enumerated() where isFound(record) {
            let isSettled = judged[..<index].contains { later in
                later.level == .bodies && settles(later) && (later.share == .all || later.share == record.share)
            }
            if !isSettled { return record }
        }
        return nil
    }

    /// How many in a row, the newest first, did not find everything.
    package var failuresInARow: Int { judged.prefix { !$0.hasFoundAll }.count }
}
