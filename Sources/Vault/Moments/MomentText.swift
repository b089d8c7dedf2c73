import Foundation

/// Reads a time as people write it on a command line.
package enum MomentText {
    /// The time; nil where it can't be read.
    ///
    /// A time means the end of what it names, so that a moment of that second, minute or day is not passed over.
    ///
    /// - Parameter zone: of times that name none. Of a time that its clocks have shown twice, the later one is taken.
    package static func date(_ text: String, now: Date, zone: TimeZone) -> Date? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if text == "now" { return now }
        if let age = DurationText.parse(text) { return now.addingTimeInterval(-(age / .seconds(1))) }
        guard let match = text.wholeMatch(of: form), var clock = Clock(match.output) else { return nil }
        let (hour, minute, second) = (match.output.4, match.output.5, match.output.6)
        // What is left of the smallest part that was written.
        let rest: Double
        if hour == nil || minute == nil {
            (clock.hour, clock.minute, clock.second, rest) = (23, 59, 59, end)
        } else if let fraction = match.output.7 {
            let digits = fraction.prefix(3)
            let thousandths = Int(digits + String(repeating: "9", count: 3 - digits.count)) ?? 0
            rest = Double(thousandths) / 1000 + inexactness
        } else if second == nil {
            (clock.second, rest) = (59, end)
        } else {
            rest = end
        }
        guard let utc = clock.asUTC else { return nil }
        guard let offset = match.output.8 else { return latest(utc, in: zone).addingTimeInterval(rest) }
        guard let seconds = seconds(ofOffset: offset) else { return nil }
        return utc.addingTimeInterval(rest - Double(seconds))
    }

    /// Moments are told to the millisecond, and the sum of two times is not exact.
    private static let inexactness = 0.0004
    private static let end = 0.999 + inexactness

    private typealias Form = (
        Substring, Substring, Substring, Substring, Substring?, Substring?, Substring?, Substring?, Substring?
    )

    private static var form: Regex<Form> {
        /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|z|[+\-]\d\d(?::?\d\d)?)?)?/
    }

    /// What a clock shows.
    private struct Clock {
        var year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int

        init?(_ parts: Form) {
            func number(_ part: Substring?) -> Int? { part.map { Int($0) } ?? 0 }
            guard let year = number(parts.1), let month = number(parts.2), let day = number(parts.3),
                let hour = number(parts.4), let minute = number(parts.5), let second = number(parts.6),
                hour < 24, minute < 60, second < 60
            else { return nil }
            (self.year, self.month, self.day) = (year, month, day)
            (self.hour, self.minute, self.second) = (hour, minute, second)
        }

        /// When clocks in UTC show this; nil for a day that there is not.
        var asUTC: Date? {
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = .gmt
            let parts = DateComponents(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
            guard let date = calendar.date(from: parts),
                calendar.dateComponents([.month, .day], from: date) == DateComponents(month: month, day: day)
            else { return nil }
            return date
        }
    }

    /// The last time at which clocks of a zone show what those in UTC show at another.
    ///
    /// Where they never do, since they were put forward, as if they had not been.
    private static func latest(_ utc: Date, in zone: TimeZone) -> Date {
        let day = 86_400.0
        // The offsets on both sides of any change near by.
        let offsets = [utc - day, utc + day].map { zone.secondsFromGMT(for: $0) }
        let times = offsets.map { utc - Double($0) }
        let shown = zip(times, offsets).filter { zone.secondsFromGMT(for: $0) == $1 }.map(\.0)
        return shown.max() ?? times[0]
    }

    /// Reads `+01:00`, `+0100`, `+01` and `Z`.
    private static func seconds(ofOffset text: Substring) -> Int? {
        guard text.lowercased() != "z" else { return 0 }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard let hours = Int(digits.prefix(2)), let minutes = Int("0" + digits.dropFirst(2)), hours < 24, minutes < 60
        else { return nil }
        return (text.hasPrefix("-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}
