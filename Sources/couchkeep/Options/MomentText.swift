import Foundation
import Service

/// Reads a time as people write it on a command line.
enum MomentText {
    /// The time; nil where it can't be read.
    ///
    /// A time of day without seconds means its end, so that a moment of that minute is not passed over; a day means its
    /// last second.
    static func date(_ text: String, now: Date, zone: TimeZone) -> Date? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if text == "now" { return now }
        if let age = DurationText.parse(text) { return now.addingTimeInterval(-(age / .seconds(1))) }
        for options in [
            ISO8601DateFormatter.Options.withInternetDateTime, [.withInternetDateTime, .withFractionalSeconds],
        ] {
            let formatter = ISO8601DateFormatter()
            formatter.formatOptions = options
            if let date = formatter.date(from: text) { return date }
        }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = zone
        formatter.isLenient = false
        for (format, rest) in [
            ("yyyy-MM-dd HH:mm:ss", 0.999), ("yyyy-MM-dd'T'HH:mm:ss", 0.999), ("yyyy-MM-dd HH:mm", 59.999),
            ("yyyy-MM-dd'T'HH:mm", 59.999),
        ] {
            formatter.dateFormat = format
            if let date = formatter.date(from: text) { return date.addingTimeInterval(rest) }
        }
        formatter.dateFormat = "yyyy-MM-dd"
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        return formatter.date(from: text)
            .flatMap { calendar.date(byAdding: .day, value: 1, to: $0) }?.addingTimeInterval(-0.001)
    }
}
