import Foundation

extension Date {
    /// What two clocks, or one that is put right, may be apart.
    private static let clockTolerance: TimeInterval = 60

    /// How long ago it was; nil where it lies ahead, as what was noted while the clock was ahead: its age is not known.
    func age(at now: Date) -> TimeInterval? {
        let age = now.timeIntervalSince(self)
        return age < -Self.clockTolerance ? nil : max(0, age)
    }
}
