import CouchDB
import Foundation

/// Which documents have their bodies compared in one run: all, or a share, so that some runs together cover all.
package enum BodyShare: Sendable, Hashable, Codable {
    case all
    /// One of so many shares; documents are spread over them by their ids, always in the same way.
    case part(Int, of: Int)

    /// The share of a day, where that many days in a row cover all documents.
    package static func rolling(days: Int, at date: Date) -> BodyShare {
        guard days > 1 else { return .all }
        let day = Int((date.timeIntervalSince1970 / 86_400).rounded(.down))
        return .part(((day % days) + days) % days, of: days)
    }

    /// The share of a day, where each day has about so many percent and all days together cover everything.
    package static func rolling(percent: Double, at date: Date) -> BodyShare {
        guard percent > 0 else { return .all }
        return rolling(days: Int((100 / percent).rounded(.up)), at: date)
    }

    /// Whether a document belongs to it.
    package func contains(_ id: DocumentID) -> Bool {
        guard case .part(let part, let count) = self, count > 1 else { return true }
        var text = id.text
        let hash = text.withUTF8 { Self.hash.hash(UnsafeRawBufferPointer($0)).low }
        return hash % UInt64(count) == UInt64(part)
    }

    /// A key that never changes, or documents would be left out between two runs.
    private static let hash = SipHash(key: 0x636f_7563_686b_6565, 0x7020_626f_6469_6573)
}
