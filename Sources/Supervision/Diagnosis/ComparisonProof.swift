import Foundation

/// What the last comparison of a pair's two sides says, for rules whose findings only a comparison can end.
package enum ComparisonProof: Sendable, Hashable {
    /// Nobody compares the pair: the rules end by what they see themselves.
    case notDemanded
    /// No comparison has said equal since the last that said otherwise.
    case none
    /// The last comparison said that nothing is missing; it began then.
    case equal(since: Date)

    /// Whether rules have to wait for a comparison.
    package var isDemanded: Bool { self != .notDemanded }

    /// Whether a comparison that began after a moment has found nothing missing.
    package func proves(since moment: Date) -> Bool {
        guard case .equal(let began) = self else { return false }
        return began >= moment
    }
}
