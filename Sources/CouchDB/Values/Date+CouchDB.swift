import Foundation

extension Date {
    /// Reads a time as CouchDB writes it: ISO 8601 in UTC or with an offset.
    init?(couchDB text: String) {
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        self = date
    }

    /// Reads a time of a checkpoint's history: `Tue, 24 Nov 2026 07:24:34 GMT`.
    init?(checkpointHistory text: String) {
        let style = Date.VerbatimFormatStyle(
            format:
                "\(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT",
            locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        guard let date = try? style.parseStrategy.parse(text) else { return nil }
        self = date
    }
}
