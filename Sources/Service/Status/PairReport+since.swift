import Foundation
import Supervision

extension PairReport {
    /// Since when a rule has found something; nil where it has not.
    func since(_ rule: String) -> Date? { findings.first { $0.rule == rule }?.since }
}
