import Backup
import Foundation

/// That the place for drills took none, of whichever backup: one note for all of them.
struct DrillOutage: Sendable, Hashable, Codable {
    /// What reports call the place.
    var place: String
    /// Since when it takes none.
    var since: Date
    /// When it was tried last.
    var at: Date
    /// How often it was tried in a row.
    var attempts = 1
    var reason: String
    var obstacle: DrillReport.Obstacle?

    /// The same as it goes on from an earlier one, unless that was in another place.
    func following(_ earlier: DrillOutage?) -> DrillOutage {
        guard let earlier, earlier.place == place else { return self }
        var outage = self
        (outage.since, outage.attempts) = (min(earlier.since, since), earlier.attempts + 1)
        return outage
    }
}
