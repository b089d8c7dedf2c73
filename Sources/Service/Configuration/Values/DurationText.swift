/// Durations as the configuration writes them: `30s`, `5m`, `1h`, `7d`.
package enum DurationText {
    private static let units: [(letter: Character, seconds: Int)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
    /// A hundred years: more is a slip, and sums of two such can't overflow.
    private static let largest = 36_525 * 86_400

    /// Reads a number and its unit; nil for anything else, and for nothing.
    package static func parse(_ text: String) -> Duration? {
        guard let letter = text.last, let unit = units.first(where: { $0.letter == letter }) else { return nil }
        let digits = text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(digits), number > 0
        else { return nil }
        let (seconds, overflows) = number.multipliedReportingOverflow(by: unit.seconds)
        guard !overflows, seconds <= largest else { return nil }
        return .seconds(seconds)
    }

    /// Writes whole seconds in the largest unit that divides them.
    package static func text(_ duration: Duration) -> String {
        let seconds = Int(duration.components.seconds)
        for unit in units where seconds % unit.seconds == 0 && seconds > 0 {
            return "\(seconds / unit.seconds)\(unit.letter)"
        }
        return "\(seconds)s"
    }
}
