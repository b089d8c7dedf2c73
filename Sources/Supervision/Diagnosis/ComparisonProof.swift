import Foundation

/// What the last comparison of a pair's two sides says, for rules whose findings only a comparison can end.
package enum ComparisonProof: Sendable, Hashable {
    /// Nobody compares the pair: the rules end by what they see themselves.
    case notDemanded
    /// As before, and somebody has compared it all the same: nothing was missing; that comparison began then.
    case offered(since: Date)
    /// No comparison has said equal since the last that said otherwise.
    case none
    /// The last comparison said that nothing is missing; it began then.
    case equal(since: Date)

    /// Whether rules have to wait for a comparison.
    package var isDemanded: Bool {
        switch self {
        case .notDemanded, .offered: false
        case .none, .equal: true
        }
    }

    /// Whether a comparison that began after a moment has found nothing missing.
    package func proves(since moment: Date) -> Bool {
        switch self {
        case .notDemanded, .none: false
        case .offered(let began), .equal(let began): began >= moment
        }
    }
}
