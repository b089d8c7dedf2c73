import Foundation

/// When a measure of a pair becomes a finding. Times are in seconds.
package struct Thresholds: Sendable, Hashable, Codable {
    /// A lag of this long is a warning.
    package var lagWarning: TimeInterval = 15 * 60
    /// A lag of this long is critical.
    package var lagCritical: TimeInterval = 3600
    /// A lag of this many changes is a warning; nil: changes alone never are.
    package var lagChangesWarning: Int?
    /// A lag of this many changes is critical; nil: changes alone never are.
    package var lagChangesCritical: Int?
    /// A job that waits this long for its turn, with changes waiting too, is a finding.
    package var pendingFor: TimeInterval = 3600
    /// A running job with changes waiting that does not move for this long is stalled.
    package var stalledFor: TimeInterval = 10 * 60
    /// An error that often passes by itself (a refused connection, a time-out) is let be for this long.
    package var crashGrace: TimeInterval = 5 * 60
    /// This many crashes within an hour are a finding, whatever the state says.
    package var crashesPerHour: Int = 3
    /// A document that no server has picked up for this long is a finding.
    package var startGrace: TimeInterval = 2 * 60
    /// This share of the documents deleted between two passes is a finding.
    package var massDeletionShare: Double = 0.2
    /// Fewer deletions than this are never a mass deletion.
    package var massDeletionAtLeast: Int = 10
    /// A mass deletion stays visible for this long.
    package var massDeletionShownFor: TimeInterval = 24 * 3600

    package init() {}
}
