/// Reads and writes durations as people do: a number and a unit, or several, such as `30s`, `1w` or `1h30m`.
package enum DurationText {
    private static let units: [(letter: Character, seconds: Int)] = [
        ("w", 7 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]
    /// A hundred years: more is a slip, and sums of two such can't overflow.
    private static let largest = 36_525 * 86_400

    /// Reads numbers and their units, the largest first; nil for anything else, and for nothing.
    package static func parse(_ text: String) -> Duration? {
        guard let parts = text.wholeMatch(of: /(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?/)?.output
        else { return nil }
        var sum = 0
        for (digits, unit) in zip([parts.1, parts.2, parts.3, parts.4, parts.5], units) {
            guard let number = Int(digits ?? "0"), number <= largest / unit.seconds else { return nil }
            sum += number * unit.seconds
        }
        return 1...largest ~= sum ? .seconds(sum) : nil
    }

    /// Writes whole seconds in the largest unit that divides them; weeks as days.
    package static func text(_ duration: Duration) -> String {
        let seconds = Int(duration.components.seconds)
        for unit in units.dropFirst() where seconds % unit.seconds == 0 && seconds > 0 {
            return "\(seconds / unit.seconds)\(unit.letter)"
        }
        return "\(seconds)s"
    }
}
